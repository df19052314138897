"""What reading a question file yields: drafts, refused rows and features that were left out."""

from collections.abc import Mapping, Sequence

import msgspec

from questionbank.items.content import FigureKind, ItemDraft, Option

FieldValue = str | int


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A row that gives no item; `message` is a template over `fields`, translatable, and `text` fills it in."""

    row: int
    code: str
    message: str
    fields: dict[str, FieldValue] = {}

    @property
    def text(self) -> str:
        """Return the Chinese sentence."""
        return self.message.format(**self.fields)


class Column(msgspec.Struct, frozen=True):
    """A column by its title and what was read from it; empty where that is nothing."""

    title: str
    field: str


class AssessmentSection(msgspec.Struct, frozen=True, kw_only=True):
    """One section of a test: the rows that it asks, or from which it draws `select` where that is not None.

    `marks` are hundredths, one for each row. `node` and `difficulty` say what the rows were chosen by; a file that is not
    our own leaves them as they are.
    """

    title: str
    rows: tuple[int, ...]
    marks: tuple[int, ...]
    select: int | None = None
    node: str = ""
    difficulty: tuple[int, int] = (0, 100)


class LeftOut(msgspec.Struct, frozen=True):
    """What a test says of one of its places (a part, a section, an item) and a blueprint cannot hold."""

    place: str
    feature: str


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """A test of a package; marks in hundredths, `duration_min` and `pass_marks` are None where it does not say."""

    title: str
    sections: tuple[AssessmentSection, ...]
    duration_min: int | None = None
    pass_marks: int | None = None
    left_out: tuple[LeftOut, ...] = ()


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One file, read: every row of it stands in `drafts` or in `refused`, in file order.

    `unsupported` counts, per feature, what the file says and an item cannot hold, the refused interactions included.
    `columns` are those of a table with headings: what each was read as. `left_out` holds the same features by row, and
    `tests` what a package asks of its rows together.
    """

    dialect: str
    drafts: tuple[ItemDraft, ...]
    refused: tuple[Refusal, ...]
    unsupported: dict[str, int] = {}
    columns: tuple[Column, ...] = ()
    left_out: dict[int, tuple[str, ...]] = {}
    tests: tuple[Assessment, ...] = ()


def join_readings(readings: Sequence[Reading], unsupported: Mapping[str, int]) -> Reading:
    """Return one reading for the parts of a file, whose rows go on where those of the part before end."""
    whole = readings[0]
    for part in readings[1:]:
        last = max([0, *(each.row for each in whole.drafts), *(each.row for each in whole.refused)])
        whole = msgspec.structs.replace(
            whole,
            drafts=(*whole.drafts, *(msgspec.structs.replace(each, row=each.row + last) for each in part.drafts)),
            refused=(*whole.refused, *(msgspec.structs.replace(each, row=each.row + last) for each in part.refused)),
            unsupported=_added(whole.unsupported, part.unsupported),
            columns=whole.columns or part.columns,
            left_out=whole.left_out | {row + last: features for row, features in part.left_out.items()},
        )
    return msgspec.structs.replace(whole, unsupported=_added(whole.unsupported, unsupported))


def _added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {feature: one.get(feature, 0) + other.get(feature, 0) for feature in (*one, *other)}


class Enclosed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that a row brings for its text, not yet judged: a picture, a recording or a formula, and its words."""

    kind: FigureKind
    data: bytes
    text: str = ""


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """What a dialect found in one row, not yet judged.

    `key` as str is in the file's own notation; as tuple it is option ids or text-entry variants already.
    `kind` is the file's word for the interaction, empty when it does not say; `photo` a JPEG or PNG file; `weights` are in
    the notation of questionbank.formats.weighing. `enclosed` stand at their marks (questionbank.interactions.figures) in
    stem, options and explanation, counted from 1; one that no text names goes to the end of the stem. `plain` tells that what
    looks like TeX is text as its author typed it.
    """

    row: int
    stem: str
    key: str | tuple[str, ...]
    kind: str = ""
    options: tuple[Option, ...] = ()
    node: str = ""
    depth: str = ""
    difficulty: str = ""
    explanation: str = ""
    basis: str = ""
    photo: bytes = b""
    weights: str = ""
    enclosed: tuple[Enclosed, ...] = ()
    plain: bool = False
