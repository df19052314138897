"""打印试卷: a form of a pilot or of a released sitting, with its key, as a file; an act of a publisher with a reason."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.ids import new_id
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import require_region
from questionbank.formats.reading import Assessment, AssessmentSection
from questionbank.formats.write_qti_test import write_test
from questionbank.forms.canonical import canonical, digest_of
from questionbank.forms.paper import print_form
from questionbank.forms.views import CandidateForm, ScoringForm
from questionbank.forms.word_file import DOCX, write_docx
from questionbank.forms.wording import Print, word_form
from questionbank.interactions.registry import KIND_NAMES
from questionbank.items.content import ItemContent, ItemDraft
from questionbank.items.drafting import require_account
from questionbank.items.errors import ReasonRequiredError

PRINTERS: Final = ("publisher",)


class PaperKind(StrEnum):
    """What a form is printed as."""

    PDF = "pdf"
    WORD = "docx"
    QTI3 = "qti3"
    QTI22 = "qti22"


class PaperFile(msgspec.Struct, frozen=True, kw_only=True):
    """A printed copy."""

    data: bytes
    number: str
    media_type: str
    suffix: str


class Printing(msgspec.Struct, frozen=True, kw_only=True):
    """Which form is printed, for whom, and what is said on it; `facts` go to the ledger with the act."""

    form: CandidateForm
    scoring: ScoringForm
    contents: Mapping[str, ItemContent]
    act: str
    region: str
    warning: str
    facts: Mapping[str, Fact]


def require_printer(principal: Principal, region: str, reason: str) -> str:
    """Return the reason without blanks; raises RegionForbiddenError, ReasonRequiredError."""
    require_region(principal, region, *PRINTERS)
    require_account(principal)
    if not reason.strip():
        raise ReasonRequiredError
    return reason.strip()


async def print_copy(
    session: AsyncSession, runtime: Runtime, principal: Principal, wanted: Printing, kind: PaperKind, *, reason: str
) -> PaperFile:
    """Return one numbered copy; the ledger has who, why, which form and the number of the copy."""
    reason = require_printer(principal, wanted.region, reason)
    printed, at = new_id(), runtime.clock.now()
    number = printed.hex[-8:].upper()
    worded = word_form(
        wanted.form,
        wanted.scoring,
        wanted.contents,
        number=number,
        warning=wanted.warning,
        watermark=f"{principal.name} {number}",
    )
    writer = _WRITERS[kind]
    data = await asyncio.to_thread(writer.write, wanted, worded, local_date(at))
    facts: dict[str, Fact] = {
        **wanted.facts,
        "number": number,
        "kind": kind.value,
        "items": len(wanted.form.slots),
        "form": digest_of(canonical(wanted.scoring)),
        "reason": reason,
    }
    await record(session, principal, wanted.act, ("print", printed), at=at, region=wanted.region, facts=facts)
    return PaperFile(data=data, number=number, media_type=writer.media_type, suffix=writer.suffix)


class _Writer(msgspec.Struct, frozen=True):
    suffix: str
    media_type: str
    write: Callable[[Printing, Print, date], bytes]


def _pdf(wanted: Printing, worded: Print, on: date) -> bytes:
    del wanted
    return print_form(worded, dated_on=on)


def _word(wanted: Printing, worded: Print, on: date) -> bytes:
    del wanted, on
    return write_docx(worded)


def _qti(fmt: str) -> Callable[[Printing, Print, date], bytes]:
    """Write the form as a test that asks its very items; each system shuffles options in its own way."""

    def write(wanted: Printing, worded: Print, on: date) -> bytes:
        del worded, on
        slots, marks = wanted.scoring.slots, {slot.slot: slot.marks for slot in wanted.form.slots}
        sections = tuple(
            AssessmentSection(
                title=KIND_NAMES[section.interaction],
                rows=tuple(range(section.first, section.last + 1)),
                marks=tuple(marks[slot] for slot in range(section.first, section.last + 1)),
            )
            for section in wanted.form.sections
        )
        test = Assessment(title=wanted.form.title, sections=sections, duration_min=wanted.form.duration_s // 60)
        drafts = [ItemDraft(content=wanted.contents[slot.version], row=slot.slot) for slot in slots]
        return write_test(test, drafts, fmt)

    return write


_WRITERS: Final[Mapping[PaperKind, _Writer]] = {
    PaperKind.PDF: _Writer(".pdf", "application/pdf", _pdf),
    PaperKind.WORD: _Writer(".docx", DOCX, _word),
    PaperKind.QTI3: _Writer(".zip", "application/zip", _qti("qti3")),
    PaperKind.QTI22: _Writer(".zip", "application/zip", _qti("qti22")),
}
