"""The second decoder: PyAV, for m4a/aac, wma and the sound in video containers.

Content is recognised by its first bytes and the demuxer is named explicitly. Playlists and other
formats that refer to further files are thus never opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from ..errors import AudioDecodeError, MissingExtra
from ..types import FloatArray

if TYPE_CHECKING:
    from types import ModuleType

BLOCK = 1 << 14

SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (4, b"ftyp", "mov"),
    (4, b"moov", "mov"),
    (4, b"mdat", "mov"),
    (4, b"wide", "mov"),
    (0, b"\x1a\x45\xdf\xa3", "matroska"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (0, b"FLV\x01", "flv"),
    (8, b"AVI ", "avi"),
    (8, b"WAVE", "wav"),
    (0, b"RF64", "wav"),
    (0, b"OggS", "ogg"),
    (0, b"fLaC", "flac"),
    (0, b"FORM", "aiff"),
    (0, b"caff", "caf"),
    (0, b".snd", "au"),
    (0, b"MAC ", "ape"),
    (0, b"wvpk", "wv"),
    (0, b"TTA1", "tta"),
    (0, b"DSD ", "dsf"),
    (0, b"#!AMR", "amr"),
    (0, b"\x0b\x77", "ac3"),
    (0, b"\x00\x00\x01\xba", "mpeg"),
)
"""Where which bytes stand, and the demuxer that reads such files."""

HONEST = frozenset({"mov", "matroska", "asf", "wav", "flac", "caf", "aiff", "ogg", "ape", "wv", "tta", "dsf"})
"""Containers that state their duration; of the others it is only estimated."""

SAMPLE_RANGE = {"u8": 128.0, "s16": 2.0**15, "s32": 2.0**31, "s64": 2.0**63, "flt": 1.0, "dbl": 1.0}


def demuxers_of(head: bytes) -> tuple[str, ...]:
    """Names of the demuxers that may read a file which begins so; none where it is no known container.

    >>> demuxers_of(b"....ftypM4A ....")
    ('mov',)
    """
    for offset, signature, demuxer in SIGNATURES:
        if head[offset : offset + len(signature)] == signature:
            return (demuxer,)
    if head[:3] == b"ID3":
        return ("mp3", "aac")
    if len(head) > 188 and head[0] == 0x47 and head[188] == 0x47:
        return ("mpegts",)
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return ("aac",) if head[1] & 0x06 == 0 else ("mp3",)
    return ()


def pyav(label: str) -> ModuleType:
    """The module ``av``; MissingExtra where it is not installed."""
    try:
        import av
    except ImportError as error:
        raise MissingExtra(f"{label}: decoding this kind of file", extra="av") from error
    av.logging.set_level(None)
    module: ModuleType = av
    return module


class ContainerReader:
    """The first audio stream of a container, as blocks of ``(n, channels) float32``."""

    def __init__(self, file: IO[bytes], label: str, demuxer: str) -> None:
        self._av, self._label, self._demuxer = pyav(label), label, demuxer
        self.broken = False
        try:
            self._container = self._av.open(file, mode="r", format=demuxer)
        except (self._av.error.FFmpegError, OSError, ValueError) as error:
            raise AudioDecodeError(
                label,
                f"this {demuxer} file is cut off or broken ({getattr(error, 'strerror', None) or error})",
                "export or download it again",
            ) from error
        if not self._container.streams.audio:
            self._container.close()
            raise AudioDecodeError(
                label, f"this {demuxer} file holds no sound", "name a file with an audio track", code="not_audio"
            )
        self._stream: Any = self._container.streams.audio[0]
        context = self._stream.codec_context
        self.sr, self.channels = int(context.sample_rate or 0), int(context.channels or 0)
        if self.sr <= 0 or self.channels <= 0:
            self._container.close()
            raise AudioDecodeError(
                label,
                "its sound has no sample rate or no channels",
                "export or download it again",
                code="bad_sample_rate",
            )
        self.codec = f"{demuxer}/{context.name}"

    @property
    def claimed_frames(self) -> int:
        """Length the container states, in frames; 0 where it does not."""
        if self._demuxer not in HONEST:
            return 0
        if self._stream.duration:
            return round(float(self._stream.duration * self._stream.time_base) * self.sr)
        return round((self._container.duration or 0) / 1e6 * self.sr)

    def blocks(self) -> Iterator[FloatArray]:
        """The sound in blocks of some 16384 frames; ``broken`` tells afterwards whether any part was unreadable."""
        parts: list[FloatArray] = []
        held = 0
        for frame in self._frames():
            parts.append(self._samples(frame))
            held += parts[-1].shape[0]
            if held >= BLOCK:
                yield np.concatenate(parts)
                parts, held = [], 0
        if held:
            yield np.concatenate(parts)

    def _frames(self) -> Iterator[Any]:
        try:
            for packet in self._container.demux(self._stream):
                try:
                    yield from (frame for frame in packet.decode() if frame.samples)
                except self._av.error.InvalidDataError:
                    self.broken = True  # the decoder goes on with the next packet
        except (self._av.error.FFmpegError, OSError):
            self.broken = True

    def _samples(self, frame: Any) -> FloatArray:
        if frame.sample_rate != self.sr or frame.layout.nb_channels != self.channels:
            raise AudioDecodeError(
                self._label,
                f"its sound changes from {self.channels} channels at {self.sr} Hz to "
                f"{frame.layout.nb_channels} at {frame.sample_rate} Hz midway",
                "convert it to wav or flac first",
            )
        values = frame.to_ndarray()
        kind = frame.format.name.removesuffix("p")
        frames = values.T if frame.format.is_planar else values.reshape(-1, self.channels)
        if kind == "u8":
            return np.ascontiguousarray((frames.astype(np.float32) - 128.0) / 128.0)
        if SAMPLE_RANGE[kind] == 1.0:
            return np.ascontiguousarray(frames, dtype=np.float32)
        return np.ascontiguousarray(frames * (1.0 / SAMPLE_RANGE[kind]), dtype=np.float32)

    def close(self) -> None:
        """Let go of the container; the file itself stays open."""
        self._container.close()
