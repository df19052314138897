"""Whether a camera's picture can be shown in browsers, and what is to be set otherwise where it cannot."""

import msgspec

GROUP_S = 2.0
"""A camera cannot be asked for a key frame: whoever comes waits for the next one."""
MAX_WIDTH = 1920
PLAYABLE = frozenset({"Baseline", "Main"})


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of a camera's stream in some seconds."""

    codec: str
    profile: str = ""
    width: int = 0
    height: int = 0
    fps: float = 0.0
    group_s: float = 0.0
    """Longest time between two key frames."""
    b_frames: bool = False


class Fault(msgspec.Struct, frozen=True):
    """What is wrong and what to do: a msgid with its fields."""

    code: str
    words: str
    fields: dict[str, str | float] = {}


def judge(facts: Facts) -> list[Fault]:
    """Return everything that is wrong with a stream; an empty list means that it plays."""
    if facts.codec != "h264":
        words = "摄像机输出的是 {codec},浏览器不能播放;请在摄像机设置里把编码改为 H.264。"
        return [Fault("codec", words, {"codec": {"hevc": "H.265"}.get(facts.codec, facts.codec)})]
    found: list[Fault] = []
    if facts.b_frames:
        found.append(Fault("b_frames", "码流里有 B 帧,画面会乱跳;请把 B 帧数设为 0(或选 Baseline)。"))
    if facts.profile not in PLAYABLE:
        words = "编码档次是 {profile},部分浏览器不能播放;请改为 Baseline 或 Main。"
        found.append(Fault("profile", words, {"profile": facts.profile or "?"}))
    if facts.group_s > GROUP_S:
        words = "两个关键帧至少相隔 {s} 秒,打开画面要等这么久;请把 I 帧间隔设为不超过 2 秒。"
        found.append(Fault("group", words, {"s": round(facts.group_s, 1)}))
    if facts.width > MAX_WIDTH:
        words = "画面宽 {width} 像素,太大;请用不超过 1920 的码流(通常选子码流)。"
        found.append(Fault("width", words, {"width": facts.width}))
    return found
