"""How much sound a file states to hold, read without a decoder: to notice that a decoder gave less.

Ogg pages carry checksums, flac and mp3 (Xing) state a number of frames, and the frames of an mp3 can be walked.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

MPEG_KBPS = {  # MPEG-1 and MPEG-2 layers; index 0 is "free", 15 is forbidden
    (1, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448, 0),
    (1, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 0),
    (1, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),
    (2, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256, 0),
    (2, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),
}
MPEG_SR = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
WHOLE = 1 << 28  # a larger file is not walked


@dataclass(frozen=True, slots=True)
class Claim:
    """Frames that a file states or shows to hold, at ``sr``; ``damage`` says what is broken in it, "" if nothing is.

    ``cut`` tells that its end is missing; the sound may differ from the claim by ``slack_s``, as encoders add silence.
    """

    frames: int
    sr: int
    damage: str = ""
    cut: bool = False
    slack_s: float = 0.15


def claim_of(file: IO[bytes], size: int) -> Claim | None:
    """What the file claims; None where its kind states nothing that can be told. The position is 0 afterwards."""
    file.seek(0)
    head = file.read(1 << 12)
    file.seek(0)
    if head[:4] == b"fLaC":
        return _flac(head)
    if head[:4] in {b"RIFF", b"FORM"}:
        return _chunked(file, size)
    if size > WHOLE:
        return None
    data = file.read() if head[:4] == b"OggS" or head[:3] == b"ID3" or _mpeg_length(head, 0)[0] else b""
    file.seek(0)
    if head[:4] == b"OggS":
        return _ogg(data)
    return _mpeg(data) if data else None


def _flac(head: bytes) -> Claim | None:
    if len(head) < 26 or head[4] & 0x7F:
        return None
    packed = int.from_bytes(head[18:26], "big")
    total = packed & ((1 << 36) - 1)
    return Claim(total, packed >> 44) if total else None


def _chunked(file: IO[bytes], size: int) -> Claim | None:
    """A wav or aiff whose sound's chunk claims more bytes than there are."""
    order = ">" if file.read(12)[:4] == b"FORM" else "<"
    for _ in range(1000):
        header = file.read(8)
        if len(header) < 8:
            break
        length = struct.unpack(order + "I", header[4:])[0]
        if header[:4] in {b"data", b"SSND"}:
            missing = length - (size - file.tell())
            file.seek(0)
            return Claim(0, 0, f"{missing} bytes of its sound are missing", cut=True) if 0 < missing < 1 << 31 else None
        file.seek(length + length % 2, 1)
    file.seek(0)
    return None


def _pages(data: bytes) -> Iterator[tuple[int, int]]:
    """Where each Ogg page begins and ends."""
    at = data.find(b"OggS")
    while 0 <= at <= len(data) - 27:
        n = data[at + 26]
        end = at + 27 + n + sum(data[at + 27 : at + 27 + n])
        yield at, end
        at = end if data[end : end + 4] == b"OggS" else data.find(b"OggS", at + 4)


def _ogg(data: bytes) -> Claim | None:
    """The last granule, and whether all pages are there, in order and whole."""
    bad, last, ended = 0, 0, False
    expected: dict[int, int] = {}
    rate, skip = _ogg_rate(data)
    for at, end in _pages(data):
        whole = end <= len(data) and _page_checksum(data[at:end]) == struct.unpack("<I", data[at + 22 : at + 26])[0]
        if data[at + 4] or not whole:
            bad += 1
            continue
        granule, serial, number = struct.unpack("<qII", data[at + 6 : at + 22])
        bad += number != expected.get(serial, number)
        expected[serial] = number + 1
        last, ended = max(last, granule), bool(data[at + 5] & 4)
    damage = "" if ended else "its last pages are missing"
    if bad and ended:
        damage = f"pages of it are damaged or missing ({bad})"
    return Claim(max(0, last - skip), rate, damage, cut=not ended)


def _ogg_rate(data: bytes) -> tuple[int, int]:
    opus, vorbis = data.find(b"OpusHead", 0, 1 << 12), data.find(b"\x01vorbis", 0, 1 << 12)
    if opus >= 0 and len(data) > opus + 12:
        return 48000, struct.unpack("<H", data[opus + 10 : opus + 12])[0]
    if vorbis >= 0 and len(data) > vorbis + 16:
        return struct.unpack("<I", data[vorbis + 12 : vorbis + 16])[0], 0
    return 0, 0


def _page_checksum(page: bytes) -> int:
    """Ogg's checksum, which is zlib's with mirrored bytes, from 0 on and not inverted."""
    zeroed = page[:22] + b"\0\0\0\0" + page[26:]
    found = zlib.crc32(zeroed.translate(MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{found:032b}"[::-1], 2)


def _mpeg_length(data: bytes, at: int) -> tuple[int, int, int]:
    """Bytes of the MPEG frame there, its samples and rate; (0, 0, 0) where none begins."""
    if at + 4 > len(data) or data[at] != 0xFF or data[at + 1] & 0xE0 != 0xE0:
        return 0, 0, 0
    version, layer = (data[at + 1] >> 3) & 3, 4 - ((data[at + 1] >> 1) & 3)
    rates = MPEG_SR.get(version)
    if rates is None or layer == 4 or (data[at + 2] >> 2) & 3 == 3:
        return 0, 0, 0
    table = MPEG_KBPS[1 if version == 3 else 2, layer if version == 3 else min(layer, 2)]
    kbps, sr, padding = table[data[at + 2] >> 4], rates[(data[at + 2] >> 2) & 3], (data[at + 2] >> 1) & 1
    if not kbps:
        return 0, 0, 0
    if layer == 1:
        return (12000 * kbps // sr + padding) * 4, 384, sr
    samples = 576 if layer == 3 and version != 3 else 1152
    return samples // 8 * 1000 * kbps // sr + padding, samples, sr


def _mpeg(data: bytes) -> Claim | None:
    """The frames of an mp3, walked; bytes between them that belong to none are damage."""
    at = 0
    while data[at : at + 3] == b"ID3" and len(data) > at + 10:
        at += 10 + sum((data[at + 6 + i] & 0x7F) << (21 - 7 * i) for i in range(4))
    end = _mpeg_end(data)
    frames = samples = rate = astray = sized = 0
    first = at
    while at < end:
        length, n, sr = _mpeg_length(data, at)
        after = at + length
        if length and (after >= end - 4 or _mpeg_length(data, after)[0] or _mpeg_length(data, after + 1)[0]):
            frames, samples, rate = frames + 1, samples + n, rate or sr
            sized, at = sized + length, after
        else:
            at, astray = at + 1, astray + bool(frames)
    if frames < 3:
        return None
    stated = _xing_frames(data, first)
    per_frame = samples // frames
    missing = stated and stated + 1 > frames + round(astray * frames / max(1, sized)) + 1
    damage = f"{astray} bytes in it belong to no frame" if astray > 4 else ""
    if missing:
        damage = f"it states {stated} frames and has {frames}"
    return Claim(
        (stated or frames) * per_frame, rate, damage, bool(missing and astray <= 2048), max(0.15, 4 * 1152 / rate)
    )


def _mpeg_end(data: bytes) -> int:
    """Where the frames end and tags begin."""
    end = len(data)
    if data[-128:-125] == b"TAG":
        end -= 128
    if data[end - 9 : end] == b"LYRICS200" and data[end - 15 : end - 9].isdigit():
        end -= 15 + int(data[end - 15 : end - 9])
    if data[end - 32 : end - 24] == b"APETAGEX":
        end -= 32 + struct.unpack("<I", data[end - 20 : end - 16])[0]
    while end > 4 and data[end - 4096 : end] == bytes(4096):
        end -= 4096
    return max(0, end)


def _xing_frames(data: bytes, first: int) -> int:
    for mark in (b"Xing", b"Info"):
        at = data.find(mark, first, first + 200)
        if at >= 0 and len(data) > at + 12 and data[at + 7] & 1:
            return int.from_bytes(data[at + 8 : at + 12], "big")
    return 0
