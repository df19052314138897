"""What the forwarder must know of a payload: where a key frame begins, its size, and VP8's picture number.

VP8: RFC 7741 §4 (payload descriptor and header). H.264: RFC 6184 §5 (NAL units, STAP-A, FU-A).
"""

VP8 = "VP8"
H264 = "H264"
OPUS = "opus"

_EXTENDED = 0x80
_START = 0x10
_PARTITION = 0x07
_PICTURE_ID = 0x80
_LONG = 0x80
_TL0 = 0x40
_TID_KEY = 0x30
_INTER_FRAME = 0x01
_PID_LONG = 0x7FFF
_PID_SHORT = 0x7F

_IDR, _SPS, _STAP_A, _FU_A = 5, 7, 24, 28
_NAL_TYPE = 0x1F
_FU_START = 0x80


def begins_key_frame(codec: str, payload: bytes) -> bool:
    """Tell whether a decoder that has nothing yet can start with this RTP payload: with Opus it may with any (RFC 7587)."""
    if codec == OPUS:
        return True
    if codec == VP8:
        if not begins_frame(codec, payload):
            return False
        at = vp8_header_length(payload)
        return len(payload) > at > 0 and not payload[at] & _INTER_FRAME
    return _begins_idr(payload)


def begins_frame(codec: str, payload: bytes) -> bool:
    """Tell whether a payload is known to be the first of its frame: H.264 says so of key frames alone."""
    if codec == VP8:
        return bool(payload) and bool(payload[0] & _START) and not payload[0] & _PARTITION
    return _begins_idr(payload)


def vp8_header_length(payload: bytes) -> int:
    """Return the length of the payload descriptor in bytes, 0 where it is cut short."""
    if len(payload) < 1:
        return 0
    if not payload[0] & _EXTENDED:
        return 1
    if len(payload) < 2:  # noqa: PLR2004  # the extension byte
        return 0
    flags, at = payload[1], 2
    if flags & _PICTURE_ID:
        if len(payload) <= at:
            return 0
        at += 2 if payload[at] & _LONG else 1
    at += bool(flags & _TL0)
    at += bool(flags & _TID_KEY)
    return at if len(payload) > at else 0


def _begins_idr(payload: bytes) -> bool:
    if not payload:
        return False
    kind = payload[0] & _NAL_TYPE
    if kind == _STAP_A:
        return _aggregate_has(payload)
    if kind == _FU_A:
        return len(payload) > 1 and bool(payload[1] & _FU_START) and payload[1] & _NAL_TYPE == _IDR
    return kind in {_SPS, _IDR}


def _aggregate_has(payload: bytes) -> bool:
    at = 1
    while at + 2 < len(payload):
        size = int.from_bytes(payload[at : at + 2])
        if payload[at + 2] & _NAL_TYPE in {_SPS, _IDR}:
            return True
        at += 2 + size
    return False


def vp8_picture_id(payload: bytes) -> tuple[int, int]:
    """Return the picture number and its modulus (128 or 32768), or (0, 0) where the payload carries none."""
    if len(payload) < 4 or not payload[0] & _EXTENDED or not payload[1] & _PICTURE_ID:  # noqa: PLR2004  # shortest with a number
        return 0, 0
    if payload[2] & _LONG:
        return int.from_bytes(payload[2:4]) & _PID_LONG, _PID_LONG + 1
    return payload[2], _PID_SHORT + 1


def with_picture_id(payload: bytes, number: int) -> bytes:
    """Return the payload with another picture number of the same width; it must carry one."""
    if payload[2] & _LONG:
        return payload[:2] + (number | _LONG << 8).to_bytes(2) + payload[4:]
    return payload[:2] + bytes((number & _PID_SHORT,)) + payload[3:]


def vp8_size(frame: bytes) -> tuple[int, int] | None:
    """Return width and height from a whole VP8 key frame (RFC 6386 §9.1), None for any other frame."""
    if len(frame) < 10 or frame[0] & _INTER_FRAME or frame[3:6] != b"\x9d\x01\x2a":  # noqa: PLR2004  # the frame header
        return None
    return int.from_bytes(frame[6:8], "little") & 0x3FFF, int.from_bytes(frame[8:10], "little") & 0x3FFF


def is_key_frame(codec: str, frame: bytes) -> bool:
    """Tell whether an assembled frame stands alone; H.264 comes with Annex B start codes."""
    if codec == VP8:
        return vp8_size(frame) is not None
    return any(nal[:1] and nal[0] & _NAL_TYPE == _IDR for nal in frame.split(b"\x00\x00\x01")[1:])
