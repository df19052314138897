"""What can go wrong on an item's way from draft to publication."""

from typing import Self

from exam.core.errors import ConflictError, DomainError, SamePersonError
from questionbank.formats.reading import Refusal


class ItemStateError(ConflictError):
    """An item is not in a state from which the act leads on; `state` is the Chinese word of what was found."""

    code = "item_state"
    message = "试题状态已变化(现为:{state}),这一步没有执行。请刷新后再看。"


class SameMakerError(SamePersonError):
    """Author, reviewer and publisher of an item must be three people (DESIGN.md §6.8)."""

    code = "same_maker"
    message = "命题、审题、发布须由三个不同的人完成:您参与过其中 {items} 道题的前一步。"


class ItemReleasedError(ConflictError):
    """The item is open for practice already, which cannot be taken back."""

    code = "item_released"
    message = "其中 {items} 道题已公开练习。"


class ItemMayBeDrawnError(ConflictError):
    """A sitting to come has frozen a pool in which the item may stand."""

    code = "item_may_be_drawn"
    message = "其中 {items} 道题可能出现在即将举行的考试中,场次结束后才能公开练习。"


class CommentEmptyError(DomainError):
    """A remark without words."""

    code = "comment_empty"
    message = "请写下意见。"


class BulkEmptyError(DomainError):
    """A change over a search says nothing, or changes what it retires."""

    code = "bulk_empty"
    message = "请至少选一项修改,难度为 0 至 100,替换依据须写明新的依据;送审、停用不能与其他修改同时进行。"


class BulkTooManyError(ConflictError):
    """A search finds more than one change may touch."""

    code = "bulk_too_many"
    message = "一次至多修改 {most} 题,请缩小查找范围。"


class ReviewNotDueError(ConflictError):
    """An item that is not marked as due for review needs no confirmation."""

    code = "review_not_due"
    message = "选中的试题有的没有待复核标记,没有执行。请刷新后再看。"


class ReasonRequiredError(DomainError):
    """An item is revised, returned or retired without a word why."""

    code = "reason_required"
    message = "请写明理由。"


class ItemContentError(DomainError):
    """The content breaks a rule; the sentence and the code are those that an import gives for the same fault."""

    code = "item_content"

    @classmethod
    def of(cls, refusal: Refusal) -> Self:
        """Return the error of a refused row."""
        error = cls(**refusal.fields)
        error.code, error.message = refusal.code, refusal.message  # type: ignore[misc]  # this fault's own words
        return error


class ItemVersionError(ConflictError):
    """Somebody saved another version while this one was being edited."""

    code = "item_version"
    message = "另一个人刚刚保存了新版本,您的修改没有保存。请打开最新版本比对后再改。"


class ItemUnchangedError(DomainError):
    """The saved text equals the version it was made from."""

    code = "item_unchanged"
    message = "内容没有变化,未生成新版本。"


class ItemsChangedError(ConflictError):
    """What was listed when the button was shown is not what would be acted on now."""

    code = "items_changed"
    message = "列表在您查看期间有变化,没有执行。请刷新后核对再操作。"


class ImportChangedError(ConflictError):
    """Since the dry run the bank has changed so that other rows would be taken."""

    code = "import_changed"
    message = "题库在您核对期间有变化,尚未导入。下面是按最新题库重新核对的结果,请再确认一次。"


class ImportWrittenError(ConflictError):
    """The batch has been written already."""

    code = "import_written"
    message = "这一批试题已经导入。"


class ItemMarkedByPeopleError(ConflictError):
    """An answer in words has nobody who would mark it in practice."""

    code = "item_marked_by_people"
    message = "简答题由考评员评阅,不能公开练习。"
