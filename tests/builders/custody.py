"""Custodians with real key pairs, who open and give their shares as their browsers would."""

from datetime import datetime
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from questionbank.custody.ceremony import Ceremony, get_ceremony, give_share, make_custodian_key
from questionbank.custody.envelope import share_context
from tests.builders.questionbank import maker

SCOPE = Scope(region="33")
WRAPPED = {"salt": "AA==", "rounds": 600_000, "nonce": "AA==", "data": "AA=="}


class Custodian(msgspec.Struct, frozen=True):
    """A person and the private key that lives on their device."""

    principal: Principal
    private: ec.EllipticCurvePrivateKey


def open_share(private: ec.EllipticCurvePrivateKey, sealed: bytes, context: bytes) -> bytes:
    """Return the share as a custodian's browser does; raises InvalidTag, or ValueError at a point beside the curve."""
    point, nonce, body = sealed[:65], sealed[65:77], sealed[77:]
    secret = private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(private.curve, point))
    key = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=context).derive(secret)
    return AESGCM(key).decrypt(nonce, body, context)


async def custodian(runtime: Runtime, name: str) -> Custodian:
    """Let somebody make a key."""
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    person = Custodian(maker("custodian", name=name), private)
    async with runtime.databases.transaction(SCOPE, Role.BANK) as bank:
        await make_custodian_key(
            bank, runtime, person.principal, public=public, private_wrapped=WRAPPED, at=runtime.clock.now()
        )
    return person


async def give(
    runtime: Runtime,
    person: Custodian,
    sitting_id: UUID,
    view: str,
    *,
    reason: str = "",
    at: datetime | None = None,
    false: bool = False,
) -> Ceremony:
    """Open the own share and give it; a false one has a flipped bit."""
    async with runtime.databases.transaction(SCOPE, Role.BANK) as bank:
        ceremony = await get_ceremony(bank, runtime, person.principal, sitting_id, view)
        mine = ceremony.mine
        share = b"x" * 32
        if mine is not None:
            context = share_context(sitting=str(sitting_id), view=view, number=mine.number)
            share = open_share(person.private, mine.sealed, context)
        share = bytes([share[0] ^ false]) + share[1:]
        return await give_share(
            bank,
            runtime,
            person.principal,
            sitting_id=sitting_id,
            view=view,
            share=share,
            reason=reason,
            at=at or runtime.clock.now(),
        )
