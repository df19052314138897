"""密钥保管: a custodian's own key, the sittings that wait for shares, and the ceremony of one sitting."""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.web.policy import allow
from questionbank.custody.ceremony import (
    CANDIDATE,
    LEAST_REASON,
    SCORING,
    Ceremony,
    drill,
    find_custodian_key,
    get_ceremony,
    give_share,
    list_ceremonies,
    make_custodian_key,
)
from questionbank.custody.envelope import share_context
from questionbank.custody.errors import CustodianKeyInvalidError, ShareNotFoundError, ShareWrongError
from questionbank.pages import title_of

LONGEST: Final = 4096
VIEW_WORDS: Final = {CANDIDATE: "考生卷", SCORING: "评分卷"}
Base64 = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST, pattern=r"^[A-Za-z0-9+/]+={0,2}$")]


class WrappedPrivate(msgspec.Struct, forbid_unknown_fields=True):
    """A private key (PKCS #8) under a passphrase: PBKDF2-SHA-256, then AES-256-GCM; all fields but `rounds` Base64."""

    salt: Base64
    rounds: Annotated[int, msgspec.Meta(ge=100_000, le=10_000_000)]
    nonce: Base64
    data: Base64


class KeyForm(msgspec.Struct, forbid_unknown_fields=True):
    """What a custodian's browser made."""

    public: Base64
    private: WrappedPrivate


class DrillForm(msgspec.Struct, forbid_unknown_fields=True):
    """Whether the own share could be opened; False says that it never will be again."""

    opened: bool


class ShareForm(msgspec.Struct, forbid_unknown_fields=True):
    """One opened share; `reason` is wanted before the window."""

    share: Base64
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except Base64Error as error:
        raise CustodianKeyInvalidError from error


def _view(name: str) -> str:
    if name not in VIEW_WORDS:
        raise ShareNotFoundError(view=name[:20])
    return name


def _mine(ceremony: Ceremony) -> dict[str, Any]:
    """Return what the custodian's browser needs to open the own share; empty where there is nothing left to give."""
    mine = ceremony.mine
    if mine is None or mine.given_at is not None or ceremony.unsealed:
        return {}
    context = share_context(sitting=str(ceremony.sitting_id), view=ceremony.view, number=mine.number)
    return {"sealed": b64encode(mine.sealed).decode(), "context": b64encode(context).decode()}


class CustodyController(Controller):
    """密钥保管."""

    path = "/bank/custody"
    opt = allow("custodian")

    @get()
    async def show(
        self,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
    ) -> Template:
        key = await find_custodian_key(bank_session, principal)
        context = {
            "key": key,
            "ceremonies": await list_ceremonies(bank_session, runtime, principal),
            "views": VIEW_WORDS,
            "title_of": title_of,
            "local": runtime.settings.seal == "local",
        }
        return Template("questionbank/custody.html", context=context)

    @get("/{sitting_id:uuid}/{view:str}")
    async def ceremony(
        self,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        sitting_id: FromPath[UUID],
        view: FromPath[str],
    ) -> Template:
        ceremony = await get_ceremony(bank_session, runtime, principal, sitting_id, _view(view))
        context = {
            "ceremony": ceremony,
            "mine": _mine(ceremony),
            "private": ceremony.mine.private if ceremony.mine else {},
            "early": view == CANDIDATE and runtime.clock.now() < ceremony.window_opens_at,
            "least_reason": LEAST_REASON,
            "views": VIEW_WORDS,
            "title_of": title_of,
        }
        return Template("questionbank/ceremony.html", context=context)

    @post("/key", status_code=204)
    async def make_key(
        self,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        data: JSONBody[KeyForm],
    ) -> None:
        await make_custodian_key(
            bank_session,
            runtime,
            principal,
            public=_bytes(data.public),
            private_wrapped=msgspec.to_builtins(data.private),
            at=runtime.clock.now(),
        )

    @post("/{sitting_id:uuid}/{view:str}/drill", status_code=204)
    async def try_out(
        self,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        sitting_id: FromPath[UUID],
        view: FromPath[str],
        data: JSONBody[DrillForm],
    ) -> None:
        at = runtime.clock.now()
        await drill(
            bank_session, runtime, principal, sitting_id=sitting_id, view=_view(view), opened=data.opened, at=at
        )

    @post("/{sitting_id:uuid}/{view:str}/share", status_code=200)
    async def give(
        self,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        sitting_id: FromPath[UUID],
        view: FromPath[str],
        data: JSONBody[ShareForm],
    ) -> Response[dict[str, Any]]:
        """Take a share; that false ones were dropped is an outcome that must stay on the ledger, and no error."""
        after = await give_share(
            bank_session,
            runtime,
            principal,
            sitting_id=sitting_id,
            view=_view(view),
            share=_bytes(data.share),
            reason=data.reason.strip(),
            at=runtime.clock.now(),
        )
        refused = after.mine is not None and after.mine.given_at is None
        outcome = {
            "code": ShareWrongError.code if refused else "",
            "given": after.given,
            "threshold": after.threshold,
            "unsealed": after.unsealed,
        }
        return Response(outcome)
