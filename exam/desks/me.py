"""What a candidate sees at home, gathered from the packages that know it."""

from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from certs.api import (
    ApplicationView,
    CredentialView,
    NationalView,
    find_credentials,
    list_national_of,
    list_of_credentials,
)
from exam.core.clock import local_date
from exam.delivery.api import AttemptView, find_attempt_of
from exam.desks.reminding import Reminder, remind
from exam.desks.stages import PASSED, Stage, stage_of
from exam.identity.api import PersonView, get_person
from exam.records.api import title_of
from exam.sitting.api import RegistrationView, SittingView, get_sitting, list_registrations_of
from exam.standards.api import recall_rule_set, working_days_after
from exam.training.api import ClassView, EnrolmentState, get_class, list_enrolments_of
from grading.api import AppealView, ResultView, appeal_until_on, list_appeals, list_person_results


class ToldResult(msgspec.Struct, frozen=True, kw_only=True):
    """A told result with what the candidate may still do about it."""

    result: ResultView
    appeal: AppealView | None
    appeal_until_on: date | None
    """The last day to appeal, None where the rules state no limit."""
    appealable: bool


class MyRegistration(msgspec.Struct, frozen=True, kw_only=True):
    """One registration with everything that followed; dates are the last by which something is due."""

    registration: RegistrationView
    sitting: SittingView
    attempt: AttemptView | None
    results: list[ToldResult]
    stage: Stage
    told_until_on: date | None
    credential: CredentialView | None


class Mine(msgspec.Struct, frozen=True, kw_only=True):
    """The whole page."""

    person: PersonView
    registrations: list[MyRegistration]
    credentials: list[CredentialView]
    applications: dict[UUID, ApplicationView]
    """The latest application to renew or change each credential."""
    national: list[NationalView]
    """What is recorded of national certificates, which this system did not issue."""
    learning: list[ClassView]
    """Classes that the person is still enrolled in."""

    def reminders(self, now: datetime) -> list[Reminder]:
        """Return what comes due soon, the nearest first."""
        sittings = [(title_of(one.registration.qualification), one.sitting) for one in self.ahead]
        asked = {credential_id for credential_id, wish in self.applications.items() if wish.is_open}
        return remind(self.credentials, sittings, self.learning, now=now, asked=asked)

    @property
    def ahead(self) -> list[MyRegistration]:
        """Registrations whose exam is not over, the next one first."""
        stages = {Stage.UPCOMING, Stage.ARRIVING, Stage.PRESENT}
        return sorted((one for one in self.registrations if one.stage in stages), key=lambda one: one.sitting.starts_at)

    @property
    def behind(self) -> list[MyRegistration]:
        ahead = self.ahead
        return [one for one in self.registrations if one not in ahead]


async def load_mine(session: AsyncSession, person_id: UUID, *, now: datetime) -> Mine:
    """Gather the page of a person; the session's scope is the person."""
    today = local_date(now)
    credentials = await find_credentials(session, on=today, person_id=person_id)
    told = await _told(session, person_id, today)
    registrations = [
        await _registration(session, view, told, credentials, now=now)
        for view in await list_registrations_of(session, person_id)
    ]
    person = await get_person(session, person_id)
    filed = await list_of_credentials(session, [held.id for held in credentials], on=today)
    applications = {each.credential_id: each for each in reversed(filed) if each.credential_id}
    return Mine(
        person=person,
        registrations=registrations,
        credentials=credentials,
        applications=applications,
        national=await list_national_of(session, person_id),
        learning=await _learning(session, person_id),
    )


async def _learning(session: AsyncSession, person_id: UUID) -> list[ClassView]:
    enrolments = await list_enrolments_of(session, person_id)
    return [await get_class(session, each.class_id) for each in enrolments if each.state is EnrolmentState.ENROLLED]


async def _told(session: AsyncSession, person_id: UUID, today: date) -> list[ToldResult]:
    results = await list_person_results(session, person_id)
    appeals = {appeal.result_id: appeal for appeal in await list_appeals(session, [result.id for result in results])}
    told = []
    for result in results:
        until = appeal_until_on(result)
        appeal = appeals.get(result.id)
        appealable = appeal is None and (until is None or today <= until)
        told.append(ToldResult(result=result, appeal=appeal, appeal_until_on=until, appealable=appealable))
    return told


async def _registration(
    session: AsyncSession,
    view: RegistrationView,
    told: list[ToldResult],
    credentials: list[CredentialView],
    *,
    now: datetime,
) -> MyRegistration:
    sitting = await get_sitting(session, view.sitting_id)
    attempt = await find_attempt_of(session, view.id, now=now)
    own = [each for each in told if each.result.registration_id == view.id]
    passed = any(each.result.outcome == PASSED for each in own)
    held = (each for each in credentials if each.qualification == view.qualification and each.status != "superseded")
    return MyRegistration(
        registration=view,
        sitting=sitting,
        attempt=attempt,
        results=own,
        stage=stage_of(sitting, attempt, [each.result for each in own], now=now),
        told_until_on=_told_until(view, attempt),
        credential=next(held, None) if passed else None,
    )


def _told_until(view: RegistrationView, attempt: AttemptView | None) -> date | None:
    """Return by when the rules want the result published, None where they state no limit."""
    if attempt is None or attempt.finalised_at is None:
        return None
    limit = recall_rule_set(view.qualification, view.rule_set).publish_within_working_days.value
    return None if limit is None else working_days_after(local_date(attempt.finalised_at), limit)
