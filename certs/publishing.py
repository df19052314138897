"""Signing the status list and making the offline verifier that carries it; both are files that anybody may take away.

Keys: `certs/status/list` (the token) and `certs/status/verifier` (the page).
"""

import asyncio
from datetime import datetime
from functools import partial

import msgspec
import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from certs.authority import unpublished_key
from certs.keys import open_signer, publish_key
from certs.models import Credential, SigningKey
from certs.offline_page import render_page
from certs.signing import KeyName, KeyRing, PublicKey, Signer
from certs.statuses import gather_codes
from certs.statuslist import RENEWED_EVERY, StatusListMalformedError, read_list, sign_list
from certs.suites import Algorithm
from exam.core.audit.publication import LogPublication
from exam.core.audit.standing import is_behind
from exam.core.clock import local_date
from exam.core.config import Profile
from exam.core.crypto import digest
from exam.core.db.scope import Scope
from exam.core.errors import NotFoundError
from exam.core.runtime import Runtime
from exam.core.storage import Storage

LIST_KEY, PAGE_KEY = "certs/status/list", "certs/status/verifier"
LIST_ADDRESS = "/verify/status-list"


class _Material(msgspec.Struct, frozen=True):
    """What a list is made of."""

    packed: bytes
    ring: KeyRing


async def publish_status(runtime: Runtime) -> None:
    """Sign the list anew where something changed or it is an hour old; before the first credential there is none.

    A database that is behind its log, an old backup, would sign what has been decided otherwise since: it signs nothing.
    """
    signer = await asyncio.to_thread(open_signer, runtime.settings)
    at = runtime.clock.now()
    async with runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session:
        if await is_behind(session, LogPublication(runtime.storage)):
            structlog.get_logger().warning("status_list_refused", reason="log_behind")
            return
        material = await _gather(session, runtime, signer, at)
    if material is None or await _is_fresh(runtime.storage, material, signer, at):
        return
    issuer = next(key.issuer for key in material.ring.keys if key.key_id == signer.key_id)
    address = runtime.settings.base_url.rstrip("/") + LIST_ADDRESS
    sign = partial(sign_list, material.packed, signer, issuer=issuer, address=address, at=at)
    token = await asyncio.to_thread(sign)
    page = render_page(
        material.ring,
        token,
        site=runtime.settings.base_url,
        demo=runtime.settings.profile is not Profile.PRODUCTION,
    )
    await runtime.storage.put(LIST_KEY, token.encode())
    await runtime.storage.put(PAGE_KEY, page)


async def _gather(session: AsyncSession, runtime: Runtime, signer: Signer, at: datetime) -> _Material | None:
    packed = await gather_codes(session, on=local_date(at))
    if packed is None:
        return None
    # a key is named when it is first used, and after a change of keys the list may come before the next PDF
    issuer = await session.scalar(select(Credential.issuer_name).order_by(Credential.issued_at.desc()).limit(1))
    root = runtime.settings.root_region
    if issuer and (new_key := await unpublished_key(session, root, KeyName(signer.public, signer.algorithm), issuer)):
        await publish_key(session, new_key, at=at)
    keys = await session.scalars(select(SigningKey).order_by(SigningKey.active_from))
    return _Material(
        packed,
        KeyRing(PublicKey(algorithm=Algorithm(key.algorithm), issuer=key.issuer, public=key.public) for key in keys),
    )


async def _is_fresh(storage: Storage, material: _Material, signer: Signer, at: datetime) -> bool:
    """Say whether the newest list says the same, is young, and is signed by the key in use; its page pins every key."""
    token, page = await find_file(storage, LIST_KEY), await find_file(storage, PAGE_KEY)
    try:
        known = read_list(token, material.ring) if token else None
    except StatusListMalformedError:
        return False
    if known is None or page is None or known.key_id != signer.key_id.hex():
        return False
    if any(key.key_id.hex().encode() not in page for key in material.ring.keys):
        return False
    return known.packed == material.packed and at - known.signed_at < RENEWED_EVERY


async def find_file(storage: Storage, key: str) -> bytes | None:
    """Return a published file, None before there is one."""
    try:
        return await storage.get(key)
    except NotFoundError:
        return None


class Published(msgspec.Struct, frozen=True):
    """What a page says of the newest list: when it was signed, and the digest of the page that carries it."""

    signed_at: datetime
    key_id: str
    page_digest: str
    page_kb: int


async def find_published(storage: Storage, ring: KeyRing) -> Published | None:
    """Return what is published, None before there is anything that a key of ours has signed."""
    token, page = await find_file(storage, LIST_KEY), await find_file(storage, PAGE_KEY)
    if token is None or page is None:
        return None
    try:
        known = read_list(token, ring)
    except StatusListMalformedError:
        return None
    return Published(known.signed_at, known.key_id, digest(page).hex(), -(-len(page) // 1024))
