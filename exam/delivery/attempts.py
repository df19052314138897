"""The course of an attempt: lease, start, hand-in, and the server's own hand when nobody hands in."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.events import publish
from exam.core.principal import SYSTEM, Principal
from exam.core.runtime import Runtime
from exam.delivery import timing
from exam.delivery.checkin import get_attempt_row
from exam.delivery.errors import (
    AttemptPausedError,
    LeaseElsewhereError,
    LeaseStaleError,
    NotAdmittedError,
    NotStartedError,
    TimeLeftError,
    TooLateError,
)
from exam.delivery.events import AttemptSubmitted
from exam.delivery.lease import Lease, mint, mint_pass
from exam.delivery.models import Attempt, ResponseRevision, Terminal
from exam.delivery.receipt import Revision, hand_in_digest, receipt_code, response_digest
from exam.delivery.responses import SlotShape
from exam.delivery.shapes import encode_shape, shape_of
from exam.delivery.state import FINISHED_STATES, Act, AttemptFinalisedError, AttemptState, next_state
from exam.sitting.api import form_key
from questionbank.api import CandidateForm, CandidateSlot, claim_form, open_candidate_view


class FinalResponse(msgspec.Struct, frozen=True):
    """The response of a slot that counts: the accepted one with the greatest seq; () is unanswered."""

    slot: int
    seq: int
    response: tuple[str, ...] | str


class StoredRevision(msgspec.Struct, frozen=True):
    """One accepted revision as it is stored; `response` is canonical JSON."""

    slot: int
    seq: int
    response: str
    arrived_at: datetime


def give_lease(attempt: Attempt, terminal: Terminal, secret: bytes) -> str | None:
    """Return the lease for the terminal that holds the attempt, None before admission; raises LeaseElsewhereError."""
    if attempt.terminal_id != terminal.id:
        raise LeaseElsewhereError
    if attempt.state == AttemptState.CHECKED_IN:
        return None
    return mint(_lease_of(attempt), secret)


def give_pass(attempt: Attempt, secret: bytes) -> str | None:
    """Return the pass of a terminal whose candidate waits for admission, to which `give_lease` gave nothing."""
    return mint_pass(_lease_of(attempt), secret) if attempt.state == AttemptState.CHECKED_IN else None


def _lease_of(attempt: Attempt) -> Lease:
    return Lease(attempt.id, attempt.epoch, attempt.terminal_thumbprint)


def require_holder(attempt: Attempt, lease: Lease) -> None:
    """Refuse a lease that a transfer has overtaken."""
    if lease.epoch != attempt.epoch or lease.terminal != attempt.terminal_thumbprint:
        raise LeaseStaleError


async def start_attempt(session: AsyncSession, runtime: Runtime, lease: Lease) -> tuple[Attempt, CandidateForm]:
    """Start the candidate's own time, once; later calls give the same form again (a reload, a transfer)."""
    attempt = await get_attempt_row(session, lease.attempt_id, lock=True)
    require_holder(attempt, lease)
    if attempt.state in FINISHED_STATES:
        raise AttemptFinalisedError(state=attempt.state, act=Act.START.value)
    if attempt.started_at is None:
        return attempt, await _begin(session, runtime, attempt)
    return attempt, await open_form(session, runtime, attempt)


async def _begin(session: AsyncSession, runtime: Runtime, attempt: Attempt) -> CandidateForm:
    now = runtime.clock.now()
    if attempt.state != AttemptState.READY:
        raise NotAdmittedError
    if now < attempt.starts_at:
        raise NotStartedError(starts_at=int(attempt.starts_at.timestamp() * 1000))
    if now > attempt.starts_until:
        raise TooLateError
    form_id = await claim_form(session, sitting_id=attempt.sitting_id, key=form_key(attempt.registration_id))
    form = await open_candidate_view(session, runtime, form_id, now=now)
    # set together and not before: a second update of a row in one transaction has all its foreign keys checked again
    attempt.form_id = form_id
    attempt.shape = encode_shape([_shape(slot) for slot in form.slots])
    attempt.state = next_state(AttemptState(attempt.state), Act.START).value
    attempt.started_at = now
    attempt.deadline_at = timing.deadline(now, attempt.duration_s, [attempt.extension_ms])
    facts: dict[str, Fact] = {"form": str(attempt.form_id), "duration_s": attempt.duration_s}
    await record(
        session,
        Principal(person=attempt.person_id),
        "attempt.started",
        ("attempt", attempt.id),
        at=now,
        region=attempt.region,
        facts=facts,
    )
    return form


def _shape(slot: CandidateSlot) -> SlotShape:
    labels = [label for label, _ in slot.options]
    if slot.photo is msgspec.UNSET or slot.points is msgspec.UNSET:
        return shape_of(slot.interaction, labels)
    return shape_of(slot.interaction, labels, (slot.points, slot.photo.width, slot.photo.height))


async def open_form(session: AsyncSession, runtime: Runtime, attempt: Attempt) -> CandidateForm:
    """Return the candidate's view of the attempt's form."""
    if attempt.form_id is None:
        raise NotStartedError(starts_at=int(attempt.starts_at.timestamp() * 1000))
    return await open_candidate_view(session, runtime, attempt.form_id, now=runtime.clock.now())


async def submit_attempt(
    session: AsyncSession, runtime: Runtime, lease: Lease, arrived_at: datetime, *, time_up: bool = False
) -> Attempt:
    """Hand in: final on every terminal; a second call gives the same receipt.

    In the grace period after the deadline the answers that came in time are handed in (DESIGN.md §7). `time_up` says
    that no person decided it; raises TimeLeftError where the terminal is wrong about the time.
    """
    attempt = await get_attempt_row(session, lease.attempt_id, lock=True)
    require_holder(attempt, lease)
    if attempt.state in FINISHED_STATES:
        if attempt.receipt_code is None:
            raise AttemptFinalisedError(state=attempt.state, act=Act.SUBMIT.value)
        return attempt
    if attempt.state == AttemptState.PAUSED:
        raise AttemptPausedError
    if attempt.deadline_at is None:
        raise NotStartedError(starts_at=int(attempt.starts_at.timestamp() * 1000))
    if time_up and arrived_at < attempt.deadline_at:
        raise TimeLeftError(remaining_ms=timing.remaining_ms(arrived_at, attempt.deadline_at))
    in_time = timing.accepts_hand_in(arrived_at, attempt.deadline_at, attempt.grace_s)
    await finalise(
        session, runtime, attempt, Act.SUBMIT if in_time else Act.EXPIRE, Principal(person=attempt.person_id)
    )
    return attempt


async def finalise(session: AsyncSession, runtime: Runtime, attempt: Attempt, act: Act, principal: Principal) -> None:
    """End a locked attempt: digest of all revisions, receipt, audit entry and event in one transaction."""
    now = runtime.clock.now()
    revisions = await list_revisions(session, attempt.id)
    digest = hand_in_digest(attempt.id, [revision_of(row) for row in revisions])
    attempt.state = next_state(AttemptState(attempt.state), act).value
    attempt.submitted_at = now if act is Act.SUBMIT else None
    attempt.finalised_at = now
    attempt.response_digest = digest
    attempt.receipt_code = receipt_code(digest)
    attempt.answered = sum(1 for final in fold(revisions).values() if final.response)
    await session.flush()
    facts: dict[str, Fact] = {
        "digest": digest.hex(),
        "revisions": len(revisions),
        "answered": attempt.answered,
        "how": attempt.state,
    }
    subject = ("attempt", attempt.id)
    await record(session, principal, "attempt.finalised", subject, at=now, region=attempt.region, facts=facts)
    event = AttemptSubmitted(
        region=attempt.region,
        attempt_id=attempt.id,
        sitting_id=attempt.sitting_id,
        registration_id=attempt.registration_id,
        how="submitted" if act is Act.SUBMIT else "expired",
    )
    await publish(session, event, at=now)


def is_due(state: str, deadline_at: datetime | None, grace_s: int, now: datetime) -> bool:
    """Tell whether the server must end an attempt itself."""
    if state != AttemptState.IN_PROGRESS or deadline_at is None:
        return False
    return now > timing.server_ends_at(deadline_at, grace_s)


async def finalise_if_due(session: AsyncSession, runtime: Runtime, attempt_id: UUID) -> bool:
    """End the attempt if its grace is over, deciding under the lock; safe to run again after any crash."""
    attempt = await get_attempt_row(session, attempt_id, lock=True)
    if not is_due(attempt.state, attempt.deadline_at, attempt.grace_s, runtime.clock.now()):
        return False
    await finalise(session, runtime, attempt, Act.EXPIRE, SYSTEM)
    return True


async def list_revisions(session: AsyncSession, attempt_id: UUID) -> list[StoredRevision]:
    """Return every accepted revision of an attempt in order of slot and seq; plain, for there are a hundred or more."""
    columns = (getattr(ResponseRevision, name) for name in StoredRevision.__struct_fields__)
    query = select(*columns).where(ResponseRevision.attempt_id == attempt_id)
    rows = await session.execute(query.order_by(ResponseRevision.slot, ResponseRevision.seq))
    return [StoredRevision(*row) for row in rows]


def revision_of(stored: StoredRevision | ResponseRevision) -> Revision:
    """Return a stored revision as the hand-in digest takes it."""
    return Revision(
        slot=stored.slot,
        seq=stored.seq,
        response_digest=response_digest(stored.response.encode()),
        # whole milliseconds, cut as the save receipt cut them
        arrived_at_ms=(int(stored.arrived_at.timestamp()) * 1000) + stored.arrived_at.microsecond // 1000,
    )


_decode_response = msgspec.json.Decoder(tuple[str, ...] | str).decode


def fold(revisions: list[StoredRevision]) -> dict[int, FinalResponse]:
    """Return the current response of each slot, from revisions in order of seq."""
    return {each.slot: FinalResponse(each.slot, each.seq, _decode_response(each.response)) for each in revisions}


async def list_final_responses(session: AsyncSession, attempt_id: UUID) -> dict[int, FinalResponse]:
    """Return what counts of an attempt, by slot."""
    return fold(await list_revisions(session, attempt_id))


async def list_final_responses_of(
    session: AsyncSession, attempt_ids: Sequence[UUID]
) -> dict[UUID, dict[int, FinalResponse]]:
    """Return what counts of each attempt, by slot, in one statement; every attempt has its entry."""
    columns = (getattr(ResponseRevision, name) for name in StoredRevision.__struct_fields__)
    query = select(ResponseRevision.attempt_id, *columns).where(ResponseRevision.attempt_id.in_(attempt_ids))
    order = (ResponseRevision.attempt_id, ResponseRevision.slot, ResponseRevision.seq)
    found: dict[UUID, list[StoredRevision]] = {each: [] for each in attempt_ids}
    for attempt_id, *stored in await session.execute(query.order_by(*order)):
        found[attempt_id].append(StoredRevision(*stored))
    return {attempt_id: fold(revisions) for attempt_id, revisions in found.items()}


async def greatest_seqs(session: AsyncSession, attempt_id: UUID) -> dict[int, int]:
    """Return the greatest stored seq of each slot, for a terminal that lost its journal."""
    columns = (ResponseRevision.slot, func.max(ResponseRevision.seq).label("greatest"))
    rows = await session.execute(
        select(*columns).where(ResponseRevision.attempt_id == attempt_id).group_by(ResponseRevision.slot),
    )
    return {row.slot: row.greatest for row in rows}


async def mark_scored(session: AsyncSession, attempt_id: UUID) -> None:
    """Note that a score exists; the state moves once."""
    attempt = await get_attempt_row(session, attempt_id, lock=True)
    attempt.state = next_state(AttemptState(attempt.state), Act.SCORE).value
    await session.flush()


async def mark_released(session: AsyncSession, attempt_id: UUID) -> None:
    """Note that the result has been released."""
    attempt = await get_attempt_row(session, attempt_id, lock=True)
    attempt.state = next_state(AttemptState(attempt.state), Act.RELEASE).value
    await session.flush()
