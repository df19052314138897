"""The recording of an item: short speech as AAC in MP4, which every browser plays; nothing else of a file is kept."""

import io
from typing import Final

import av
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer

from questionbank.formats.refusals import RowError

RATE: Final = 24_000
BIT_RATE: Final = 32_000
LONGEST_S: Final = 60
MOST_BYTES: Final = 5 * 1024 * 1024
_HEARD: Final = {"format_whitelist": "wav,w64,mp3,mov,aac,ogg,flac,amr,asf,matroska,aiff,caf"}
"""Files of sound alone: a playlist would name others, on this machine or elsewhere."""
_FIXED: Final = {"fflags": "+bitexact"}
"""No date and no version of the library in the file: the same sound is the same bytes."""


def fit_recording(data: bytes) -> bytes:
    """Return a recording as mono AAC of 24 kHz in MP4, from any file that libav plays.

    What this function once returned comes back unchanged. Raises RowError `recording_unreadable` or `recording_long`.
    """
    if len(data) > MOST_BYTES:
        raise RowError("recording_unreadable")
    out = io.BytesIO()
    try:
        with (
            av.open(io.BytesIO(data), "r", options=_HEARD) as source,
            av.open(out, "w", format="mp4", container_options=_FIXED) as kept,
        ):
            heard = source.streams.audio[0]
            (_copy if _is_plain(heard) else _encode)(source, heard, kept)
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise RowError("recording_unreadable") from error
    return out.getvalue()


def _is_plain(heard: AudioStream) -> bool:
    codec = heard.codec_context
    return (codec.name, codec.sample_rate, codec.channels) == ("aac", RATE, 1) and (heard.bit_rate or 0) < 2 * BIT_RATE


def _copy(source: InputContainer, heard: AudioStream, kept: OutputContainer) -> None:
    """Copy the sound alone: encoding again would cost quality."""
    stream = kept.add_stream_from_template(heard)
    for packet in source.demux(heard):
        if packet.dts is None:
            continue
        if packet.dts * packet.time_base > LONGEST_S:
            raise RowError("recording_long", most=LONGEST_S)
        packet.stream = stream
        kept.mux(packet)


def _encode(source: InputContainer, heard: AudioStream, kept: OutputContainer) -> None:
    stream = kept.add_stream("aac", rate=RATE, layout="mono", options={"flags": "+bitexact"})
    stream.bit_rate = BIT_RATE
    to_mono = AudioResampler("fltp", "mono", RATE)
    samples = 0
    for frame in source.decode(heard):
        for each in to_mono.resample(frame):
            samples += each.samples
            if samples > LONGEST_S * RATE:
                raise RowError("recording_long", most=LONGEST_S)
            kept.mux(stream.encode(each))
    for each in to_mono.resample(None):
        kept.mux(stream.encode(each))
    kept.mux(stream.encode(None))
