"""Bodies of the bank's forms; unknown fields are refused."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar.datastructures import UploadFile

from exam.web.forms import Form
from questionbank.blueprints.cells import ANY_NODE
from questionbank.formats.reading import Column
from questionbank.forms.printing import PaperKind
from questionbank.items.bulk import BulkChange
from questionbank.items.content import Depth, Figure, Interaction
from questionbank.items.editing import Typed, figure_of
from questionbank.items.errors import BulkEmptyError
from questionbank.items.state import ItemAct
from questionbank.withdrawals.service import WithdrawalRule

Code = Annotated[str, msgspec.Meta(max_length=64)]
Token = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{32})?$")]
"""By which a page that waits asks how far its import has come; empty where none waits."""
Long = Annotated[str, msgspec.Meta(max_length=8_000)]
Button = Literal["submitted", "returned", "approved", "published", "released", "retired", "flagged", "upheld"]
"""The acts that have a button; drafting and revising are what the editor does."""
Many = tuple[Long, ...] | Long
"""Repeated fields of one name: the form decoder gives a single one as text."""


DataUrl = Annotated[str, msgspec.Meta(max_length=7_200_000)]
"""A file of 5 MB in base 64, and its media type."""


def texts(values: Many) -> tuple[str, ...]:
    """Return repeated fields as a tuple, line ends as the product stores them."""
    listed = (values,) if isinstance(values, str) else values
    return tuple(value.replace("\r\n", "\n") for value in listed)


class UploadForm(Form, frozen=True, kw_only=True):
    """A file of items, and the qualification that it is for."""

    qualification: Code = ""
    file: UploadFile | None = None
    progress: Token = ""


class SyllabusForm(Form, frozen=True, kw_only=True):
    """A workbook with a syllabus, and what it is a version of."""

    qualification: Code = ""
    version: Code = ""
    title: Annotated[str, msgspec.Meta(max_length=200)] = ""
    file: UploadFile | None = None


class ConfirmForm(Form, frozen=True, kw_only=True):
    """A checked file is to be written."""

    progress: Token = ""


class ColumnsForm(Form, frozen=True, kw_only=True):
    """What the columns of a table mean: titles and fields as parallel lists."""

    title: Many = ()
    field: Many = ()

    def columns(self) -> tuple[Column, ...]:
        """Return the columns; a title without a field is ignored."""
        return tuple(Column(title, field) for title, field in zip(texts(self.title), texts(self.field), strict=False))


class ItemForm(Form, frozen=True, kw_only=True):
    """The editor of one item; `based_on` is the version it was opened from, 0 for a new one.

    `reason` says why a version follows; a new item needs none.
    """

    interaction: Interaction
    stem: Long
    option: Many = ()
    key: Many = ()
    truth: Literal["", "T", "F"] = ""
    variants: Long = ""
    lines: Long = ""
    photo: Annotated[str, msgspec.Meta(max_length=400_000)] = ""
    figure: tuple[DataUrl, ...] | DataUrl = ()
    figure_text: Many = ()
    node: Code = ""
    depth: Code = ""
    difficulty: Code = ""
    explanation: Long = ""
    basis: Long = ""
    weights: Long = ""
    based_on: str = "0"
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""

    def typed(self) -> Typed:
        """Return what was typed."""
        return Typed(
            interaction=self.interaction,
            stem=self.stem.replace("\r\n", "\n"),
            options=texts(self.option),
            keys=texts(self.key),
            truth=self.truth,
            variants=self.variants,
            lines=self.lines,
            photo=self.photo,
            figures=self._figures(),
            node=self.node.strip(),
            depth=self.depth,
            difficulty=self.difficulty,
            explanation=self.explanation.replace("\r\n", "\n"),
            basis=self.basis.replace("\r\n", "\n"),
            weights=self.weights,
        )

    def _figures(self) -> tuple[Figure, ...]:
        return tuple(map(figure_of, texts(self.figure), texts(self.figure_text)))


class ActForm(Form, frozen=True, kw_only=True):
    """One act on the version that was read."""

    act: Button
    version: str = ""
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""


class MarkedForm(Form, frozen=True, kw_only=True):
    """One act on the ticked items; a mark is `id:version`."""

    act: Button
    mark: Many = ()
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""

    def seen(self) -> dict[UUID, int]:
        """Return the ticked versions; a mark that is none raises ValueError."""
        pairs = [mark.partition(":") for mark in texts(self.mark)]
        return {UUID(item_id): int(version) for item_id, _, version in pairs}


class CommentForm(Form, frozen=True, kw_only=True):
    """A remark on an item."""

    words: Annotated[str, msgspec.Meta(max_length=1_000)] = ""


class BulkForm(Form, frozen=True, kw_only=True):
    """One change over a search; `listed` commits to what was shown, empty before that."""

    node: Code = ""
    depth: Literal["", "know", "grasp", "master"] = ""
    difficulty: Code = ""
    law_before: Annotated[str, msgspec.Meta(max_length=128)] = ""
    law: Annotated[str, msgspec.Meta(max_length=300)] = ""
    act: Literal["", "submitted", "retired"] = ""
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""
    listed: Code = ""

    def change(self) -> BulkChange:
        """Return the change; raises BulkEmptyError for a difficulty that is none."""
        typed = self.difficulty.strip()
        if typed and not (typed.isdecimal() and len(typed) <= len("100") and int(typed) <= 100):  # noqa: PLR2004  # per cent
            raise BulkEmptyError
        return BulkChange(
            node=self.node.strip(),
            depth=Depth(self.depth) if self.depth else None,
            difficulty=int(typed) if typed else None,
            law_before=self.law_before.strip(),
            law=self.law.strip(),
            act=ItemAct(self.act) if self.act else None,
        )


class UndoForm(Form, frozen=True, kw_only=True):
    """The instant of one's own change over a search."""

    made: datetime


class LawForm(Form, frozen=True, kw_only=True):
    """A law that changed, in what, and the items that were listed as citing it."""

    law: Annotated[str, msgspec.Meta(max_length=128)]
    change: Annotated[str, msgspec.Meta(max_length=300)] = ""
    listed: Code = ""


class WithdrawalForm(Form, frozen=True, kw_only=True):
    """Why an item is withdrawn, and how those who were asked it are graded."""

    rule: WithdrawalRule
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""


class EmptyForm(Form, frozen=True, kw_only=True):
    """A confirmation without words."""


class SuspicionForm(Form, frozen=True, kw_only=True):
    """What a jump of an item's facility was found to be."""

    leaked: Literal["true", "false"]
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""


class GroupForm(Form, frozen=True, kw_only=True):
    """One act on a whole group of the work list, which `listed` commits to."""

    act: Button
    qualification: Code
    batch: Code = ""
    listed: Code


class PaperForm(Form, frozen=True, kw_only=True):
    """Why a form is printed, and as what."""

    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""
    kind: PaperKind = PaperKind.PDF


class SatPaperForm(Form, frozen=True, kw_only=True):
    """Which form of a sitting is printed, why, and as what."""

    place: Annotated[str, msgspec.Meta(pattern="^[1-9][0-9]{0,5}$")]
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""
    kind: PaperKind = PaperKind.PDF


class BlueprintForm(Form, frozen=True, kw_only=True):
    """A blueprint as typed: marks and pass mark in marks, cells as parallel lists, a line of `enemies` per set."""

    qualification: Code
    title: Annotated[str, msgspec.Meta(max_length=200)]
    duration_min: Code
    pass_marks: Code
    basis: Annotated[str, msgspec.Meta(max_length=1_000)] = ""
    node: Many = (ANY_NODE,)
    interaction: Many = ()
    low: Many = ()
    high: Many = ()
    count: Many = ()
    marks: Many = ()
    enemies: Long = ""
    one_per_family: Literal["", "true"] = ""
    mean: Code = ""
    mean_within: Code = ""
    spread: Code = ""
    spread_within: Code = ""
    since: Code = ""
    least: Code = ""
    most: Code = ""
    parallel: Code = ""
    reliability: Code = ""
    reliability_within: Code = ""
    exposure: Code = ""
