"""What reminders say: msgids for pages, and a letter in both languages that names nobody."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec

from exam.records.reminders.carriers import Letter

STAGES = {
    "90": ("90 日内到期", "info"),
    "60": ("60 日内到期", "warn"),
    "30": ("30 日内到期", "bad"),
    "told": ("已告知", "info"),
    "soon": ("即将到期限", "warn"),
    "late": ("已过期限", "bad"),
}
"""Word and tone of each stage."""
_LINES = {
    "expiry": ("证书即将到期", "certificates that end soon"),
    "notice": ("信用事项待陈述申辩", "credit cases to answer"),
    "objection": ("信用异议待答复", "objections to answer"),
    "report": ("统计报表待报送", "reports to submit"),
}


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """One reminder that one account, or the webhook, has not got yet."""

    id: UUID
    kind: str
    stage: str
    due_on: date
    region: str
    account_id: UUID | None
    address: str


def letter_of(reminders: Sequence[Pending], base_url: str, unix_s: int) -> Letter:
    """Write one letter about some reminders: counts and last days, and where to read more."""
    more = f"{base_url}/reminders"
    counted = Counter(each.kind for each in reminders)
    first = {kind: min(str(each.due_on) for each in reminders if each.kind == kind) for kind in counted}
    chinese = [f"· {_LINES[kind][0]}:{count} 项,最早 {first[kind]}" for kind, count in counted.items()]
    english = [f"- {_LINES[kind][1]}: {count}, the first on {first[kind]}" for kind, count in counted.items()]
    text = "\n".join(["安考提醒", *chinese, "", "Ankao reminders", *english, "", more, ""])
    body = {
        "id": str(reminders[0].id),
        "type": "reminder",
        "reminders": [
            {"id": str(each.id), "kind": each.kind, "stage": each.stage, "due_on": each.due_on, "region": each.region}
            for each in reminders
        ],
    }
    return Letter(
        id=str(reminders[0].id),
        to=reminders[0].address,
        title=f"安考提醒:{len(reminders)} 项 / {len(reminders)} reminders",
        text=text,
        more=more,
        body=msgspec.json.encode(body),
        unix_s=unix_s,
    )
