"""紧急撤题 on the item's page: proposed there, confirmed or declined there."""

from typing import Any, Literal
from uuid import UUID

from litestar import Controller, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.web.policy import allow
from exam.web.request import done
from questionbank.items.item_controllers import item_again
from questionbank.pages import AnyRequest
from questionbank.schemas import EmptyForm, WithdrawalForm
from questionbank.withdrawals.service import PROPOSERS, confirm_withdrawal, decline_withdrawal, propose_withdrawal

DECIDED = {
    "confirmed": "试题已撤下,不再组入新卷;已组成的试卷按撤题规则评分。",
    "declined": "撤题申请已否决,试题照常使用。",
}


class WithdrawalController(Controller):
    """紧急撤题."""

    path = "/bank/items/{item_id:uuid}/withdrawals"
    opt = allow(*PROPOSERS)

    @post(status_code=200)
    async def propose(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        item_id: FromPath[UUID],
        data: URLEncodedBody[WithdrawalForm],
    ) -> Response[Any]:
        at = runtime.clock.now()
        try:
            await propose_withdrawal(bank_session, principal, item_id, rule=data.rule, reason=data.reason, at=at)
        except DomainError as error:
            return await item_again(request, error, bank_session, runtime, principal, item_id)
        return done(f"/bank/items/{item_id}#withdrawals", "撤题申请已提出,等待另一位发布员确认。")

    @post("/{withdrawal_id:uuid}/{decision:str}", status_code=200)
    async def decide(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        item_id: FromPath[UUID],
        withdrawal_id: FromPath[UUID],
        decision: FromPath[Literal["confirmed", "declined"]],
        data: URLEncodedBody[EmptyForm],  # noqa: ARG002  # nothing else may be sent
    ) -> Response[Any]:
        act = confirm_withdrawal if decision == "confirmed" else decline_withdrawal
        try:
            await act(bank_session, principal, withdrawal_id, at=runtime.clock.now())
        except DomainError as error:
            return await item_again(request, error, bank_session, runtime, principal, item_id)
        return done(f"/bank/items/{item_id}#withdrawals", DECIDED[decision])
