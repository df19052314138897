"""Learners' passes (学员凭证): the secret behind the QR by which a learner gets in at home."""

from uuid import UUID

import msgspec
import segno
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.crypto import Sealer, digest
from exam.core.ids import new_token
from exam.core.runtime import Runtime
from exam.training.classes.errors import EnrolmentNotFoundError
from exam.training.classes.models import Enrolment, LearnerPass
from exam.training.classes.views import PRESENT

PLACE = "training_pass.secret_sealed"
PREFIX = "AKL1."
_FIND = text("select id, person_id, region, state from training_enrolment_by_pass(:digest)")


class PassHolder(msgspec.Struct, frozen=True, kw_only=True):
    """Whose pass it is, and the region of the class."""

    enrolment_id: UUID
    person_id: UUID
    region: str


async def issue_pass(session: AsyncSession, sealer: Sealer, enrolment: Enrolment) -> None:
    """Make the pass of an enrolment; its secret is 128 random bits that no row holds in clear."""
    secret = new_token()
    session.add(
        LearnerPass(
            enrolment_id=enrolment.id,
            person_id=enrolment.person_id,
            region=enrolment.region,
            digest=digest(secret.encode()),
            secret_sealed=sealer.seal(secret, PLACE),
        ),
    )
    await session.flush()


async def find_pass_holder(session: AsyncSession, scanned: str) -> PassHolder | None:
    """Return whose pass was scanned, in any scope; None for what is no pass, or one whose enrolment has ended."""
    plain = scanned.strip()
    if not plain.startswith(PREFIX):
        return None
    found = {"digest": digest(plain.removeprefix(PREFIX).encode())}
    row = (await session.execute(_FIND, found)).mappings().one_or_none()
    if row is None or row["state"] not in PRESENT:
        return None
    return PassHolder(enrolment_id=row["id"], person_id=row["person_id"], region=row["region"])


async def pass_text(session: AsyncSession, runtime: Runtime, enrolment_id: UUID) -> str:
    """Return what the QR of a pass holds; raises EnrolmentNotFoundError."""
    row = await session.get(LearnerPass, enrolment_id)
    if row is None:
        raise EnrolmentNotFoundError
    return PREFIX + runtime.sealer.open(row.secret_sealed, PLACE)


def qr_image(content: str) -> str:
    """Return a QR code as an SVG data address, black on white in every theme."""
    image: str = segno.make_qr(content, error="m").svg_data_uri(scale=4, border=4, light="#fff")
    return image
