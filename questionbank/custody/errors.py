"""What can go wrong while people open a sitting together."""

from exam.core.errors import ConflictError, DomainError, NotFoundError


class TooFewCustodiansError(ConflictError):
    """Fewer custodians have made a key than it takes to open a sitting."""

    code = "too_few_custodians"
    message = "只有 {have} 位密钥保管人建立了密钥,至少需要 {need} 位,暂不能组卷。"


class FormsAwaitCustodiansError(ConflictError):
    """The key of this view has not been put together yet."""

    code = "forms_await_custodians"
    message = "试卷密钥尚未由密钥保管人开启。"


class CustodianKeyInvalidError(DomainError):
    """The key that a browser sent is no key."""

    code = "custodian_key"
    message = "密钥数据有误,请刷新页面后重试。"


class ShareNotFoundError(NotFoundError):
    """This custodian holds no share of this view."""

    code = "share_not_found"
    message = "您没有保管这一场次的密钥份额。"


class ShareGivenError(ConflictError):
    """A share is given once."""

    code = "share_given"
    message = "您已交出这一份额。"


class ShareTooEarlyError(ConflictError):
    """The moment for this view has not come: scoring shares are wanted after the close only."""

    code = "share_too_early"
    message = "考试尚未结束,现在不收评分密钥的份额。"


class ShareReasonMissingError(DomainError):
    """Opening before the window needs a written reason from every giver."""

    code = "share_reason"
    message = "还没有到开考前的开启时间。提前开启须写明理由(至少 5 个字)。"


class ShareWrongError(ConflictError):
    """The shares do not give the key that was committed to: at least one of them is false."""

    code = "share_wrong"
    message = "份额合成的密钥与封卷时的承诺不符,已作废全部已交份额,请保管人重新交出。"
