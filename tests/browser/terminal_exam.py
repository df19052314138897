"""One sitting with one attempt in memory: the exam API's contract, for the terminal's own tests."""

import base64
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.builders.questionbank import scene

ATTEMPT = "0197a2b4-0000-7000-8000-00000000a001"
TICKET = "AKT1.demo-ticket-of-seat-a07"
ID_NUMBER = "11010519491231002X"

STEMS = {
    "judgement": "使用低压验电器验电时，应先在有电的设备上试验，确认验电器完好。",
    "choice": "车间里有人触电倒地、仍未脱离电源时，在场人员首先应当怎么做？",
    "match": "受限空间作业的各项措施分别有什么要求？",
    "extended_text": "请简述停电检修前应当落实的安全技术措施。",
    "inline_choice": "受限空间作业应当先____，再____，合格后才能进入。",
    "hotspot": "请在照片上指出三处安全隐患。",
    "case": "某厂检修污水池，两名工人未检测即下池，先后晕倒；监护人下池施救，也晕倒在池中。",
    "multiple": "进入受限空间作业之前，下列哪些措施必须落实？",
    "order": "在全部停电的电气设备上工作，保证安全的技术措施应按什么次序完成？",
    "text_entry": "请填写：作业前先通风、再检测、后作业，检测时间不得早于作业开始前多少分钟？",
}
OPTIONS = {
    "judgement": ["正确", "错误"],
    "choice": [
        "直接用手把伤者拉开",
        "切断电源，或用干燥的绝缘物使伤者脱离电源",
        "先给伤者喝水",
        "马上离开现场，等专业人员到来后再处理，期间不作任何处置",
    ],
    "multiple": ["办理作业审批手续", "先通风、再检测、后作业", "设专人在外监护", "由一个人单独进入以减少人员"],
    "text_entry": [],
    "match": [
        "气体检测",
        "监护",
        "应急准备",
        "作业前三十分钟内进行",
        "全程在外守候，不得离开",
        "三脚架、呼吸器放在入口处",
    ],
    "inline_choice": ["通风", "检测", "作业", "检测", "通风", "冲洗"],
    "hotspot": [],
    "extended_text": [],
    "case": ["这起事故属于哪一类？", "中毒和窒息", "淹溺", "下池前应当落实哪些措施？", "通风", "检测", "单人作业"],
    "order": [
        "装设接地线",
        "验电",
        "悬挂标示牌并装设遮栏",
        "断开电源，并在断路器和隔离开关操作把手上悬挂“禁止合闸，有人工作”标示牌",
    ],
}
LABELS = {
    "judgement": ["T", "F"],
    "match": list("123ABC"),
    "inline_choice": ["1A", "1B", "1C", "2A", "2B", "2C"],
    "case": ["1", "1A", "1B", "2+", "2A", "2B", "2C"],
}
"""Displayed labels where they are no plain letters."""
TITLES = {
    "match": "匹配题",
    "inline_choice": "选词填空题",
    "hotspot": "隐患辨识题",
    "extended_text": "简答题",
    "case": "案例题",
    "judgement": "判断题",
    "choice": "单选题",
    "multiple": "多选题",
    "text_entry": "填空题",
    "order": "排序题",
}


PHOTO = {"url": scene().url, "width": scene().width, "height": scene().height, "points": 3}


class RefusedError(Exception):
    """The stub refuses: HTTP status, code, and what the problem carries besides."""

    def __init__(self, status: int, code: str, **more: Any) -> None:
        super().__init__(code)
        self.status, self.code, self.more = status, code, more


def now_ms() -> int:
    """Epoch milliseconds."""
    return time.time_ns() // 1_000_000


def make_form(counts: dict[str, int], duration_s: int) -> dict[str, Any]:
    """Return a candidate form with `counts` items per interaction, in that order."""
    sections: list[dict[str, Any]] = []
    slots: list[dict[str, Any]] = []
    for interaction, count in counts.items():
        first = len(slots) + 1
        labels = LABELS.get(interaction, list("ABCD"))
        for number in range(first, first + count):
            options = [{"label": labels[i], "text": text} for i, text in enumerate(OPTIONS[interaction])]
            slots.append(
                {
                    "slot": number,
                    "interaction": interaction,
                    "stem": STEMS[interaction],
                    "options": options,
                    "marks": 100,
                    **({"photo": PHOTO} if interaction == "hotspot" else {}),
                }
            )
        numbers = list(range(first, first + count))
        sections.append({"title": TITLES[interaction], "interaction": interaction, "slots": numbers})
    return {"title": "低压电工作业 · 安全生产知识考试", "duration_s": duration_s, "sections": sections, "slots": slots}


@dataclass
class Faults:
    """What goes wrong at present: `busy_saves` counts saves still to be answered 503, `lost_acks` commits without answer."""

    drop: bool = False
    busy_saves: int = 0
    lost_acks: int = 0
    delay_s: float = 0.0
    submit_delay_s: float = 0.0
    late_by_ms: int = 0


@dataclass
class Exam:
    """One sitting with one attempt; tests change its fields under `lock` or simply between steps."""

    form: dict[str, Any]
    duration_ms: int = 7_200_000
    starts_at: int = field(default_factory=lambda: now_ms() - 1000)
    state: str = "created"
    bound: bool = True
    admitted: bool = True
    epoch: int = 1
    holder: str | None = None
    deadline_at: int | None = None
    paused_left: int | None = None
    revisions: dict[tuple[int, int], Any] = field(default_factory=dict)
    batches: list[list[dict[str, Any]]] = field(default_factory=list)
    terminals: dict[str, ec.EllipticCurvePublicKey] = field(default_factory=dict)
    last_nonce: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)
    acked_messages: list[str] = field(default_factory=list)
    hands: int = 0
    submits: int = 0
    causes: list[str] = field(default_factory=list)
    """Who decided each hand-in: the candidate, or the terminal whose time was up."""
    receipt: dict[str, Any] | None = None
    result: dict[str, Any] = field(default_factory=lambda: {"released": False})
    checkin_refusal: str | None = None
    photo_url: str | None = None
    refused_slots: set[int] = field(default_factory=set)
    faults: Faults = field(default_factory=Faults)

    def remaining(self) -> int:
        """Milliseconds left by the server's clock."""
        if self.paused_left is not None:
            return self.paused_left
        return max(0, (self.deadline_at or now_ms() + self.duration_ms) - now_ms())

    def current(self) -> dict[int, Any]:
        """The stored response of every slot: the one with the greatest seq."""
        return {slot: self.revisions[slot, seq] for slot, seq in self.highest().items()}

    def highest(self) -> dict[int, int]:
        """The greatest stored seq of every slot."""
        found: dict[int, int] = {}
        for slot, seq in self.revisions:
            found[slot] = max(found.get(slot, 0), seq)
        return found

    def pause(self) -> None:
        """Stop the time."""
        self.paused_left, self.state = self.remaining(), "paused"

    def resume(self) -> None:
        """Let the time run again, with nothing lost."""
        self.deadline_at, self.paused_left, self.state = now_ms() + (self.paused_left or 0), None, "in_progress"

    def finish(self, state: str) -> dict[str, Any]:
        """Finalise once; the same receipt however often it is asked."""
        if self.receipt is None:
            self.state = state
            digest = hashlib.sha256(repr(sorted(self.current().items())).encode()).hexdigest()
            answered = sum(1 for response in self.current().values() if response)
            self.receipt = {
                "submitted_at": now_ms(),
                "answered": answered,
                "receipt_code": "7KQM-R2XD-HW4T-9BNE",
                "digest": digest,
            }
        return {"state": self.state, **self.receipt}

    def say(self, text: str, ready: str = "") -> None:
        """Send a message from the proctor's desk."""
        said = {"id": f"m{len(self.messages) + 1}", "reason": "notice", "text": text, "ready": ready}
        self.messages.append({**said, "sent_at": now_ms(), "needs_ack": True})

    def unread(self) -> list[dict[str, Any]]:
        """Messages that the candidate has not acknowledged."""
        return [message for message in self.messages if message["id"] not in self.acked_messages]

    # the API, one method per call

    def enrol(self, body: dict[str, Any]) -> dict[str, Any]:
        """POST /api/terminals."""
        x, y = (int.from_bytes(_bytes(body["public_key"][name])) for name in "xy")
        key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        terminal = f"t{len(self.terminals) + 1}"
        self.terminals[terminal] = key
        return {"terminal_id": terminal, "code": "K7M2QD", "state": "bound" if self.bound else "pending", "room": None}

    def terminal(self) -> dict[str, Any]:
        """GET /api/terminals/{id}."""
        place = {"room": {"title": "第一考场"}, "seat": "A-07"} if self.bound else {"room": None, "seat": None}
        sitting = {"title": self.form["title"], "starts_at": self.starts_at}
        return {"state": "bound" if self.bound else "pending", "sitting": sitting, "server_now": now_ms(), **place}

    def check_in(self, body: dict[str, Any]) -> dict[str, Any]:
        """POST /api/checkin."""
        self.verify(body, "checkin", body["terminal_id"], body["ticket"], str(body["nonce"]))
        if self.checkin_refusal:
            raise RefusedError(409, self.checkin_refusal)
        if body["ticket"] != TICKET:
            raise RefusedError(404, "ticket_unknown")
        if body["id_number"] != ID_NUMBER:
            raise RefusedError(400, "id_mismatch")
        self.state, self.holder = "checked_in", body["terminal_id"]
        return {
            "attempt_id": ATTEMPT,
            "candidate": self.candidate(),
            "qualification": "低压电工作业",
            "state": self.state,
        }

    def candidate(self) -> dict[str, Any]:
        """What a terminal may show of the candidate."""
        return {"name_masked": "张*伟", "id_masked": "110105********002X", "photo_url": self.photo_url}

    def lease(self, body: dict[str, Any]) -> dict[str, Any]:
        """POST /api/attempts/{id}/lease."""
        self.verify(body, "lease", ATTEMPT, body["terminal_id"], str(body["nonce"]))
        if self.holder != body["terminal_id"]:
            raise RefusedError(409, "lease_elsewhere")
        if self.state == "checked_in" and self.admitted:
            self.state = "ready"
        running = self.state in {"in_progress", "paused"}
        return {
            **self.stand(),
            "lease": None if self.state in {"created", "checked_in"} else f"v1.{self.epoch}",
            "epoch": self.epoch,
            "starts_at": self.starts_at,
            "duration_s": self.duration_ms // 1000,
            "remaining_ms": self.remaining() if running else None,
            "candidate": self.candidate(),
            "room": "第一考场",
            "seat": "A-07",
            "qualification": "低压电工作业",
            "seq_high": {str(slot): seq for slot, seq in self.highest().items()},
        }

    def stand(self) -> dict[str, Any]:
        """GET /api/attempts/{id}/state."""
        more = self.receipt or {}
        return {
            "state": self.state,
            "server_now": now_ms(),
            "starts_at": self.starts_at,
            "remaining_ms": self.remaining(),
            "deadline_at": self.deadline_at,
            "messages": self.unread(),
            **more,
        }

    def start(self) -> dict[str, Any]:
        """POST /api/attempts/{id}/start."""
        if now_ms() < self.starts_at:
            raise RefusedError(409, "not_started", starts_at=self.starts_at)
        if self.state == "ready":
            self.state, self.deadline_at = "in_progress", now_ms() + self.duration_ms
        return {**self.stand(), "form": self.form}

    def save(self, saves: list[dict[str, Any]]) -> dict[str, Any]:
        """POST /api/attempts/{id}/responses."""
        if self.state in {"submitted", "expired"}:
            raise RefusedError(409, "attempt_finalised")
        if self.state == "paused":
            raise RefusedError(409, "attempt_paused")
        if self.deadline_at is None or now_ms() > self.deadline_at:
            raise RefusedError(409, "deadline_passed")
        self.batches.append(saves)
        taken = [save for save in saves if save["slot"] not in self.refused_slots]
        if not taken:
            raise RefusedError(400, "response_invalid")
        for save in taken:
            self.revisions.setdefault((save["slot"], save["seq"]), save["response"])
        accepted = [{"slot": save["slot"], "seq": save["seq"], "receipt": "r"} for save in taken]
        refused = [
            {"slot": save["slot"], "seq": save["seq"], "code": "response_invalid"}
            for save in saves
            if save not in taken
        ]
        return {**self.stand(), "accepted": accepted, "refused": refused, "messages": len(self.unread())}

    def responses(self) -> dict[str, Any]:
        """GET /api/attempts/{id}/responses."""
        rows = [
            {"slot": slot, "seq": seq, "response": self.revisions[slot, seq]} for slot, seq in self.highest().items()
        ]
        return {"responses": rows}

    def verify(self, body: dict[str, Any], *parts: str) -> None:
        """Check the terminal's signature over the parts."""
        if not self.bound:
            raise RefusedError(409, "terminal_unbound")
        raw = _bytes(body["signature"])
        signature = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        try:
            self.terminals[body["terminal_id"]].verify(signature, "|".join(parts).encode(), ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, KeyError):
            raise RefusedError(401, "terminal_signature") from None
        if body["nonce"] <= self.last_nonce:
            raise RefusedError(401, "terminal_signature")
        self.last_nonce = body["nonce"]

    def act(self, name: str, message: str | None, body: dict[str, Any], method: str) -> dict[str, Any]:
        """Answer one call under a lease."""
        if name == "responses" and method == "POST":
            return self.save(body["saves"])
        if name == "hand":
            self.hands += 1
        if name == "submit":
            self.submits += 1
            self.causes.append(body["cause"])
            return self.finish("submitted")
        if message:
            self.acked_messages.append(message)
        calls: dict[str, Callable[[], dict[str, Any]]] = {
            "start": self.start,
            "form": lambda: {"form": self.form},
            "responses": self.responses,
            "state": self.stand,
            "result": lambda: self.result,
        }
        return calls.get(name, dict)()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
