"""What must be known of a camera's H.264: profile, kinds of slices, and packets for RTP (ITU-T H.264 §7.3, RFC 6184)."""

from collections.abc import Iterable

MAX_PAYLOAD = 1200
"""Bytes of an RTP payload: with SRTP and IP it stays below what tunnels carry."""
START = b"\x00\x00\x00\x01"
_TYPE = 0x1F
_SLICE, _IDR, _SPS, _PPS, _DELIMITER, _FU_A = 1, 5, 7, 8, 9, 28
_B_SLICES = frozenset({1, 6})
_PROFILES = {
    66: "Baseline",
    77: "Main",
    88: "Extended",
    100: "High",
    110: "High 10",
    122: "High 4:2:2",
    244: "High 4:4:4",
}


def nals_of(data: bytes) -> list[bytes]:
    """Return the units of an Annex B byte stream, without start codes."""
    parts = data.split(b"\x00\x00\x01")[1:]
    return [unit for part in parts if (unit := part.rstrip(b"\x00"))]


def kind_of(unit: bytes) -> int:
    """Return a unit's type."""
    return unit[0] & _TYPE


def is_key(units: Iterable[bytes]) -> bool:
    """Tell whether a picture stands alone."""
    return any(kind_of(unit) == _IDR for unit in units)


def profile_of(units: Iterable[bytes]) -> str:
    """Return the profile that the parameter set among these units names, empty where there is none."""
    for unit in units:
        if kind_of(unit) == _SPS and len(unit) > 1:
            return _PROFILES.get(unit[1], str(unit[1]))
    return ""


def has_b_slice(units: Iterable[bytes]) -> bool:
    """Tell whether a picture is predicted from a later one."""
    return any(kind_of(unit) == _SLICE and _slice_type(unit) in _B_SLICES for unit in units)


def whole_picture(units: Iterable[bytes], parameters: Iterable[bytes]) -> list[bytes]:
    """Return the units of one picture as decoders that come late need them: each parameter set once, before an IDR."""
    pictures = [unit for unit in units if kind_of(unit) not in {_SPS, _PPS, _DELIMITER}]
    own = {kind_of(unit): unit for unit in [*parameters, *units] if kind_of(unit) in {_SPS, _PPS}}
    return [*(own[kind] for kind in sorted(own)), *pictures] if is_key(pictures) else pictures


def parameters_of(units: Iterable[bytes]) -> list[bytes]:
    """Return the parameter sets among units."""
    return [unit for unit in units if kind_of(unit) in {_SPS, _PPS}]


def payloads_of(units: list[bytes]) -> list[tuple[bytes, int]]:
    """Return RTP payloads of one picture, each with its marker: 1 for the last."""
    payloads = [payload for unit in units for payload in _fragments(unit)]
    return [(payload, int(number == len(payloads))) for number, payload in enumerate(payloads, 1)]


def _fragments(unit: bytes) -> list[bytes]:
    """Return a unit as it is, or cut into FU-A packets (RFC 6184 §5.8)."""
    if len(unit) <= MAX_PAYLOAD:
        return [unit]
    indicator, kind, body, size = unit[0] & ~_TYPE & 0xFF | _FU_A, unit[0] & _TYPE, unit[1:], MAX_PAYLOAD - 2
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    last = len(pieces) - 1
    return [
        bytes((indicator, kind | (0x80 if number == 0 else 0) | (0x40 if number == last else 0))) + piece
        for number, piece in enumerate(pieces)
    ]


def _slice_type(unit: bytes) -> int:
    """Return slice_type: the second Exp-Golomb number of a slice header (§7.3.3, §9.1)."""
    bits = "".join(f"{byte:08b}" for byte in unit[1:17].replace(b"\x00\x00\x03", b"\x00\x00"))
    at = 0
    value = -1
    for _ in range(2):
        zeros = len(bits[at:]) - len(bits[at:].lstrip("0"))
        end = at + 2 * zeros + 1
        if end > len(bits):
            return -1
        value = int(bits[at:end], 2) - 1
        at = end
    return value
