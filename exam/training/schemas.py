"""Bodies of the training routes; unknown fields are refused."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from exam.web.forms import Form

Text = Annotated[str, msgspec.Meta(max_length=200)]
Long = Annotated[str, msgspec.Meta(max_length=40_000)]
Label = Annotated[str, msgspec.Meta(pattern="^([1-9]?[A-Z]|[0-9]{1,4},[0-9]{1,4})?$")]
"""A displayed option or a point of the photo, or nothing where one was left open."""
Answer = Annotated[str, msgspec.Meta(max_length=500, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]
"""A written answer; PostgreSQL's text cannot hold U+0000."""


class HoursIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Attested study of a person; hundredths of an hour, `kind` initial, continuing or review."""

    name: Text
    id_number: Text
    qualification: Text
    kind: Text
    hours_hundredths: int
    source: Text


class HoursClaimed(msgspec.Struct, frozen=True):
    """A claim that waits for a second person."""

    id: UUID
    person_id: UUID


class HoursOut(msgspec.Struct, frozen=True):
    """What the ledger holds for the person and qualification after the entry."""

    id: UUID
    person_id: UUID
    total_hundredths: int


class HoursForm(Form, frozen=True, kw_only=True):
    """The form as typed; hours as a decimal number."""

    name: Text = ""
    id_number: Text = ""
    qualification: Text = ""
    kind: Text = "initial"
    hours: Text = ""
    source: Text = ""


class LookUpForm(Form, frozen=True, kw_only=True):
    """Whose hours are asked for."""

    id_number: Text = ""


class ProgrammeForm(Form, frozen=True, kw_only=True):
    """A programme as typed; `nodes` one per line."""

    qualification: Text = ""
    kind: Text = "initial"
    title: Text = ""
    nodes: Long = ""


class BodyForm(Form, frozen=True, kw_only=True):
    """An approval as typed; `scope` is one or several codes, separated by blanks or lines."""

    organisation: Text = ""
    scope: Long | list[Text] = ""
    until: Text = ""
    basis: Text = ""


class SignForm(Form, frozen=True, kw_only=True):
    """A press on the button behind the classroom's code."""

    way: Literal["in", "out"] = "in"
    code: Text = ""


class ReasonForm(Form, frozen=True, kw_only=True):
    """Why an act is done."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class TransferForm(Form, frozen=True, kw_only=True):
    """Where a learner moves, and why."""

    to_class: UUID
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class EmptyForm(Form, frozen=True, kw_only=True):
    """A button alone."""


class VenueForm(Form, frozen=True, kw_only=True):
    """A venue as typed."""

    name: Text = ""
    address: Text = ""
    capacity: Text = ""
    practice: Text = ""


class ClassForm(Form, frozen=True, kw_only=True):
    """A class as typed; `training` is qualification and kind, as `officer.general initial`."""

    training: Text = ""
    title: Text = ""
    starts_on: Text = ""
    ends_on: Text = ""
    capacity: Text = "40"
    photo_asked: Text = ""


class SessionForm(Form, frozen=True, kw_only=True):
    """A session as typed."""

    day: Text = ""
    starts: Text = ""
    ends: Text = ""
    venue: Text = ""
    teacher: Text = ""
    node: Text = ""
    part: Text = "theory"


class EnrolForm(Form, frozen=True, kw_only=True):
    """A person to enrol, as typed; `uscc` names the enterprise that sends them."""

    name: Text = ""
    id_number: Text = ""
    uscc: Text = ""


class BatchForm(Form, frozen=True, kw_only=True):
    """The workbook that was tried and is now to be done."""

    file: Text


class DecisionForm(Form, frozen=True, kw_only=True):
    """What a second person decides on claimed hours."""

    decision: Literal["confirm", "refuse"]


class PracticeForm(Form, frozen=True, kw_only=True):
    """An answer to one item: the version that was asked, the chosen labels or a text, and how practice goes on."""

    version: Text
    mode: Text = "random"
    node: Text = ""
    choice: tuple[Label, ...] | Label = ()
    text: Answer = ""


class FavouriteForm(Form, frozen=True, kw_only=True):
    """Keep an item, or let it go: an empty `kept` lets go."""

    kept: Text = ""
    mode: Text = "random"
    node: Text = ""


class LessonForm(Form, frozen=True, kw_only=True):
    """A lesson as typed; `target` is qualification and node, as `officer.general 1.1`, `slides` whose pages it shows."""

    target: Text = ""
    title: Text = ""
    slides: Text = ""
    text: Long = ""


class QuizForm(Form, frozen=True, kw_only=True):
    """A quiz as typed; `target` as a lesson's."""

    target: Text = ""
    title: Text = ""
    items: Text = "10"
    needed_percent: Text = "80"
    minutes: Text = "15"


class QuizAnswerForm(Form, frozen=True, kw_only=True):
    """An answer to the item that a quiz asks, as in practice."""

    version: Text
    choice: tuple[Label, ...] | Label = ()
    text: Answer = ""


class MaterialLessonForm(Form, frozen=True, kw_only=True):
    """A material made a lesson, as typed; `questions` as `read_cues` reads them, `slides` and `syncs` beside a film, `minutes` and `wanted` of a package."""

    target: Text = ""
    title: Text = ""
    questions: Long = ""
    slides: Text = ""
    syncs: Long = ""
    minutes: Text = "30"
    wanted: Text = "completed"


class SubtitleForm(Form, frozen=True, kw_only=True):
    """The language of a subtitle file."""

    language: Text = "zh"


class UploadIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that is about to be sent; `size` in bytes."""

    filename: Text
    size: int


class UploadBegun(msgspec.Struct, frozen=True):
    """Under which id the parts are sent, and how long each but the last is."""

    id: UUID
    part_bytes: int
