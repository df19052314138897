"""Certified people for tests: from the exam to the finished PDF by the product's own verbs."""

from uuid import UUID

import msgspec
from sqlalchemy import select

from certs.models import Credential
from certs.naming import NUMBER_PLACE
from exam.core.clock import FrozenClock
from exam.core.db.scope import Scope
from exam.core.ids import new_id
from exam.core.principal import SYSTEM, Grant, Principal
from exam.core.runtime import Runtime
from exam.identity.api import create_organisation
from exam.sitting.api import RegistrationView
from exam.training.api import TrainingKind, record_hours
from grading.api import (
    Action,
    RuleChange,
    approve_regrade,
    confirm_practical_sheet,
    propose_regrade,
    record_practical_sheet,
    release_sitting,
)
from tests.builders.grading import (
    Examined,
    assessor,
    close_and_score,
    colleague,
    examined,
    scoring_form,
    work_off,
    wrong_answer,
)
from tests.builders.scenarios import remembered
from tests.builders.sitting import COUNTY, ELECTRICIAN

CITY = "33/3301"
ROOT = Scope(region="33")
HERE = Scope(region=COUNTY)
OFFICER = "officer.general"
BUREAU = "杭州市应急管理局"
NAME = "张三"
GOOD = {"K1": 9000, "K2": 9000, "K3": 9000, "K4": 9000}


class Certified(msgspec.Struct, frozen=True, kw_only=True):
    """A person with a credential, and the exam it came from."""

    exam: Examined
    credential_id: UUID
    public_id: str
    number: str
    qr_text: str
    pdf: bytes

    @property
    def registration(self) -> RegistrationView:
        return self.exam.registrations[0]


def regulator(*, region: str = CITY) -> Principal:
    """Return a regulator of a region; two calls are two people."""
    return Principal(account=new_id(), name="监管员", grants=(Grant("regulator", region),), second_factor=True)


async def make_authority(runtime: Runtime, *, region: str = CITY, name: str = BUREAU) -> UUID:
    """Register an issuing authority."""
    async with runtime.databases.transaction(ROOT) as session:
        at = runtime.clock.now()
        return await create_organisation(session, SYSTEM, kind="authority", name=name, region=region, at=at)


async def release(runtime: Runtime, exam: Examined) -> None:
    """Tell the results of a closed sitting, without the work that follows."""
    async with runtime.databases.transaction(exam.scope) as session:
        await release_sitting(session, exam.centre.clerk, runtime, exam.sitting_id, runtime.clock.now())


async def pass_practical(runtime: Runtime, exam: Examined) -> None:
    """Let two assessors agree that the first candidate has passed, without the work that follows."""
    async with runtime.databases.transaction(exam.scope) as session:
        at = runtime.clock.now()
        sheet = await record_practical_sheet(
            session, assessor(), registration_id=exam.registrations[0].id, marks=GOOD, vetoes=(), at=at
        )
        await confirm_practical_sheet(session, assessor(), sheet, True, at)


@remembered
async def theory_passed(runtime: Runtime, clock: FrozenClock | None, *, qualification: str = ELECTRICIAN) -> Examined:
    """Let one candidate pass the theory, told and worked off."""
    exam = await examined(runtime, clock, right=[9], qualification=qualification)
    await close_and_score(runtime, exam)
    await release(runtime, exam)
    await work_off(runtime)
    return exam


@remembered
async def certified(
    runtime: Runtime, clock: FrozenClock | None = None, *, qualification: str = ELECTRICIAN
) -> Certified:
    """Let one candidate pass everything under a city's authority, and make the certificate."""
    await make_authority(runtime)
    exam = await theory_passed(runtime, clock, qualification=qualification)
    if qualification.startswith("special."):
        await pass_practical(runtime, exam)
        await work_off(runtime)
    return await credential_of(runtime, exam)


async def credential_of(runtime: Runtime, exam: Examined) -> Certified:
    """Return the newest credential of the exam's first candidate, with its secrets: only tests may."""
    (row, *_) = await credentials(runtime, exam.registrations[0].person_id)
    assert row.qr_text is not None
    assert row.pdf_key is not None
    return Certified(
        exam=exam,
        credential_id=row.id,
        public_id=row.public_id,
        number=runtime.sealer.open(row.number_sealed, NUMBER_PLACE),
        qr_text=row.qr_text,
        pdf=await runtime.storage.get(row.pdf_key),
    )


async def train_on(
    runtime: Runtime, holder: Certified, hours: int, kind: TrainingKind = TrainingKind.CONTINUING
) -> None:
    """Record hours of further training for a holder."""
    async with runtime.databases.transaction(ROOT) as session:
        await record_hours(
            session,
            SYSTEM,
            person_id=holder.registration.person_id,
            qualification=holder.registration.qualification,
            kind=kind,
            hours_hundredths=hours * 100,
            source="再培训班",
            region=holder.registration.region,
            at=runtime.clock.now(),
        )


async def credentials(runtime: Runtime, person_id: UUID) -> list[Credential]:
    """Return every credential of a person, the newest first."""
    query = select(Credential).where(Credential.person_id == person_id).order_by(Credential.version.desc())
    async with runtime.databases.session(ROOT) as session:
        return list(await session.scalars(query))


async def regrade_to_fail(runtime: Runtime, exam: Examined) -> None:
    """Let two people change the keys that the first candidate passed by, without the work that follows."""
    form = await scoring_form(runtime, exam.attempts[0])
    changes = []
    for slot in form.slots[:5]:
        shown = dict(slot.option_map)
        wrong = tuple(shown.get(label, label) for label in wrong_answer(form, slot.slot))
        changes.append(RuleChange(item_id=slot.item_id, action=Action.REKEY, key=wrong))
    async with runtime.databases.transaction(exam.scope) as session:
        proposed = await propose_regrade(
            session,
            exam.centre.clerk,
            runtime,
            sitting_id=exam.sitting_id,
            changes=changes,
            reason="答案有误",
            at=runtime.clock.now(),
        )
    async with runtime.databases.transaction(exam.scope) as session:
        by, at = colleague(exam.centre), runtime.clock.now()
        await approve_regrade(session, by, runtime, regrade_id=proposed.id, at=at)
