"""The verdict on every row of a file: what a dry run shows and an import does."""

from collections.abc import Callable, Sequence
from enum import StrEnum

import msgspec

from questionbank.formats.duplicates import ExistingItem, Twin, find_duplicates, silent
from questionbank.formats.reading import FieldValue, Reading, Refusal


class Verdict(StrEnum):
    """`near_duplicate` is accepted and marked for the reviewer; `duplicate` and `refused` are not stored."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    NEAR_DUPLICATE = "near_duplicate"
    REFUSED = "refused"


class RowVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """One row's fate; `other_row` or `other_item` names the twin of a duplicate; `message` is a template as in Refusal."""

    row: int
    verdict: Verdict
    code: str = ""
    message: str = ""
    fields: dict[str, FieldValue] = {}
    other_row: int | None = None
    other_item: str | None = None

    @property
    def text(self) -> str:
        """Return the Chinese sentence, empty for a row that is simply accepted."""
        return self.message.format(**self.fields)


_MESSAGES = {
    "duplicate": "与{other}相同,不重复导入。",
    "duplicate_other_key": "与{other}题目和选项相同,但答案不同,未导入。请核对哪一个答案正确。",
    "near_duplicate": "与{other}相似({percent}%),可以导入,请审核人比对。",
}


def judge_rows(
    reading: Reading, existing: Sequence[ExistingItem], told: Callable[[int], None] = silent
) -> tuple[RowVerdict, ...]:
    """Return one verdict per row of the file, in row order; `existing` are the items of the same bank.

    `told` hears now and then how many drafts have been compared.
    """
    twins = find_duplicates(reading.drafts, existing, told)
    verdicts = [_judge(draft.row, twin) for draft, twin in zip(reading.drafts, twins, strict=True)]
    verdicts += [_refused(refusal) for refusal in reading.refused]
    return tuple(sorted(verdicts, key=lambda verdict: verdict.row))


def _refused(refusal: Refusal) -> RowVerdict:
    return RowVerdict(
        row=refusal.row,
        verdict=Verdict.REFUSED,
        code=refusal.code,
        message=refusal.message,
        fields=refusal.fields,
    )


def _judge(row: int, twin: Twin | None) -> RowVerdict:
    if twin is None:
        return RowVerdict(row=row, verdict=Verdict.ACCEPTED)
    code = "near_duplicate" if twin.percent is not None else "duplicate" if twin.same_key else "duplicate_other_key"
    other = f"第 {twin.row} 行" if twin.row is not None else "题库已有的一题"
    return RowVerdict(
        row=row,
        verdict=Verdict.DUPLICATE if twin.percent is None else Verdict.NEAR_DUPLICATE,
        code=code,
        message=_MESSAGES[code],
        fields={"other": other, "percent": twin.percent or 100},
        other_row=twin.row,
        other_item=twin.item,
    )
