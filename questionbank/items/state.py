"""The way of an item: which act leads from which state to which, and whose act it is (mirrored by the database)."""

from enum import StrEnum
from typing import Final

import msgspec


class ItemState(StrEnum):
    """State of an item's newest version: 草稿, 待审, 已审, 已发布, 停用."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    PUBLISHED = "published"
    RETIRED = "retired"


class ItemAct(StrEnum):
    """An act on an item; the past tense is what its event is called."""

    DRAFTED = "drafted"
    REVISED = "revised"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    PUBLISHED = "published"
    RELEASED = "released"
    """Given to practice: the item leaves the sealed pool for good."""
    RETIRED = "retired"
    FLAGGED = "flagged"
    """Marked as due for review: what it cites has changed."""
    UPHELD = "upheld"
    """Reviewed, and right as it stands: the mark goes."""


class Step(msgspec.Struct, frozen=True):
    """One act: the states it starts from, the state it leads to (None: the same), the roles that may do it, whether it wants a reason."""

    before: frozenset[ItemState]
    after: ItemState | None
    roles: tuple[str, ...]
    reason: bool = False


_S = ItemState
_LIVE = frozenset(_S) - {_S.RETIRED}
STEPS: Final = {
    ItemAct.SUBMITTED: Step(frozenset({_S.DRAFT}), _S.IN_REVIEW, ("author",)),
    ItemAct.RETURNED: Step(frozenset({_S.IN_REVIEW, _S.APPROVED}), _S.DRAFT, ("reviewer", "publisher"), reason=True),
    ItemAct.APPROVED: Step(frozenset({_S.IN_REVIEW}), _S.APPROVED, ("reviewer",)),
    ItemAct.PUBLISHED: Step(frozenset({_S.APPROVED}), _S.PUBLISHED, ("publisher",)),
    ItemAct.RELEASED: Step(frozenset({_S.PUBLISHED}), _S.PUBLISHED, ("reviewer", "publisher")),
    ItemAct.RETIRED: Step(_LIVE, _S.RETIRED, ("author", "publisher"), reason=True),
    ItemAct.FLAGGED: Step(_LIVE, None, ("publisher",), reason=True),
    ItemAct.UPHELD: Step(_LIVE, None, ("reviewer", "publisher"), reason=True),
}
STATE_WORDS: Final = {
    _S.DRAFT: "草稿",
    _S.IN_REVIEW: "待审",
    _S.APPROVED: "待发布",
    _S.PUBLISHED: "已发布",
    _S.RETIRED: "已停用",
}
"""Chinese message ids."""

ACT_WORDS: Final = {
    ItemAct.DRAFTED: "起草",
    ItemAct.REVISED: "修改",
    ItemAct.SUBMITTED: "送审",
    ItemAct.RETURNED: "退回",
    ItemAct.APPROVED: "审定",
    ItemAct.PUBLISHED: "发布",
    ItemAct.RELEASED: "公开练习",
    ItemAct.RETIRED: "停用",
    ItemAct.FLAGGED: "标记待复核",
    ItemAct.UPHELD: "确认仍适用",
}
"""Chinese message ids."""


NOT_OWN: Final = frozenset({ItemAct.APPROVED, ItemAct.PUBLISHED, ItemAct.RETURNED, ItemAct.RELEASED, ItemAct.UPHELD})
"""What nobody does to an item that he wrote a version of."""


def allowed_acts(
    state: ItemState,
    roles: frozenset[str],
    *,
    own: bool,
    reviewed: bool,
    in_use: bool = False,
    released: bool = False,
    due: bool = False,
) -> tuple[ItemAct, ...]:
    """Return what a holder of `roles` may do next.

    `own`: is among its authors, `reviewed`: approved this version, `in_use`: some version is published, `released`: it
    is open for practice already, `due`: is marked as due for review.
    An author withdraws only what was never reviewed: taking a published item out is for the publisher.
    """
    found = [act for act, step in STEPS.items() if state in step.before and roles & set(step.roles)]
    if own:
        found = [act for act in found if act not in NOT_OWN]
    found = [act for act in found if act is not (ItemAct.FLAGGED if due else ItemAct.UPHELD)]
    if released:
        found = [act for act in found if act is not ItemAct.RELEASED]
    if reviewed:
        found = [act for act in found if act is not ItemAct.PUBLISHED]
    if "publisher" not in roles and (not own or state is not ItemState.DRAFT or in_use):
        found = [act for act in found if act is not ItemAct.RETIRED]
    return tuple(found)
