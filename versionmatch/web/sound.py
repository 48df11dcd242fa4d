"""The sound that the report carries with it: Ogg Vorbis, small, exact to seek in, the same bytes each time.

Measured on a stereo song (2 cores, libsndfile 1.2.2), CPU seconds per minute of sound: Vorbis 0.55 at 68 kbit/s,
Opus 1.0 at 63 kbit/s and a resampling besides, MP3 1.5 at 96 kbit/s, whose seeking is not exact.
"""

from __future__ import annotations

import base64
import io
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from ..audio.decode import probe, stream
from ..errors import AudioDecodeError, InputError
from ..types import FloatArray, Recording

BLOCK = 16384
"""Frames written at a time; the Vorbis encoder of libsndfile overflows its stack on blocks many times as large."""

MOST_SR = 48000
QUALITY = 0.9
"""libsndfile's compression level: about 68 kbit/s for two channels, 54 for one."""

STEREO_S = 660.0
"""Longer recordings are embedded as mono."""

LONGEST_S = 2400.0
"""Longer recordings are not embedded: the page would not open on a small machine any more."""

LONG_SR = 22050
"""Sample rate of recordings longer than ``STEREO_S``."""


@dataclass(frozen=True, slots=True)
class Sound:
    """One recording's sound as the page carries it: a ``data:`` address and its loudness (root mean square)."""

    uri: str
    rms: float


def embedded(recording: Recording, track: Mapping[str, Any]) -> Sound:
    """The recording's sound for the page.

    Raises
    ------
    InputError
        Where the sound is not at hand, cannot be read any more or is too long; the message is fit to be shown.
    MissingExtra
        Where reading it needs an optional decoder.
    """
    if recording.duration_s > LONGEST_S:
        raise InputError(
            f"it is longer than {LONGEST_S / 60:.0f} minutes; compare a part of it to listen to it on this page"
        )
    long = recording.duration_s > STEREO_S
    try:
        blocks, sr, channels = _opened(recording, track, mono=long, most_sr=LONG_SR if long else MOST_SR)
        encoded, rms = _encode(blocks, sr, channels)
    except AudioDecodeError as error:
        raise InputError(f"its file cannot be read any more: {error.cause}") from error
    return Sound("data:audio/ogg;base64," + base64.b64encode(encoded).decode("ascii"), rms)


def _opened(
    recording: Recording, track: Mapping[str, Any], *, mono: bool, most_sr: int
) -> tuple[Iterable[FloatArray], int, int]:
    """Blocks ``(n, channels)`` of the recording's file, else of its sound in memory; sample rate; 1 or 2 channels."""
    path = Path(recording.source)
    if recording.source and not recording.is_score and path.is_file():
        native_sr, native_channels, _ = probe(path)
        sr, channels = min(native_sr, most_sr), 2 if native_channels == 2 and not mono else 1
        blocks = stream(path, sr=sr, mono=channels == 1)
        return (block.reshape(-1, channels) for block in blocks), sr, channels
    if "audio" not in track:
        raise InputError("its sound was not at hand when this report was made")
    audio = track["audio"]
    return (block[:, None] for _, block in audio.blocks(BLOCK)), int(audio.sr), 1


def _encode(blocks: Iterable[FloatArray], sr: int, channels: int) -> tuple[bytes, float]:
    buffer, power, n = io.BytesIO(), 0.0, 0
    with soundfile.SoundFile(
        buffer, "w", sr, channels, format="OGG", subtype="VORBIS", compression_level=QUALITY
    ) as out:
        for block in blocks:
            clipped = np.clip(block, -1.0, 1.0)
            power += float(np.square(clipped, dtype=np.float64).sum())
            n += clipped.size
            for start in range(0, len(clipped), BLOCK):
                out.write(clipped[start : start + BLOCK])
    return with_serial(buffer.getvalue(), 1), float((power / max(n, 1)) ** 0.5)


_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def with_serial(ogg: bytes, serial: int) -> bytes:
    """An Ogg stream under another serial number, its checksums made right (RFC 3533, section 6).

    libsndfile draws the number at random; with a fixed one the same sound gives the same bytes.
    """
    data = bytearray(ogg)
    at = 0
    while at < len(data):
        if data[at : at + 4] != b"OggS":
            raise InputError(f"no Ogg page begins at byte {at}; this is not an Ogg stream")
        n_segments = data[at + 26]
        end = at + 27 + n_segments + sum(data[at + 27 : at + 27 + n_segments])
        struct.pack_into("<II", data, at + 14, serial, int.from_bytes(data[at + 18 : at + 22], "little"))
        data[at + 22 : at + 26] = b"\0\0\0\0"
        struct.pack_into("<I", data, at + 22, _ogg_checksum(bytes(data[at:end])))
        at = end
    return bytes(data)


def _ogg_checksum(page: bytes) -> int:
    """CRC-32 of generator 0x04c11db7, most significant bit first, from 0: zlib's, mirrored."""
    mirrored = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)
