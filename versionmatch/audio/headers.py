"""What a file's header claims where the decoder does not say: used only to notice that the end is missing."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from .source import OpenFile

TAIL = 1 << 17
EOS = 0x04  # Ogg: this page ends its stream


def cut_off(file: OpenFile, *, decoded_frames: int) -> bool:
    """Whether the header of a wav, aiff, ogg or mp3 file claims over 5 % more than there is.

    Ogg states no length: there the page that ends the stream must be the last one.
    """
    head = file.peek()
    if head[:4] in {b"RIFF", b"FORM"}:
        claimed, present = _chunk_claim(file, big_endian=head[:4] == b"FORM")
        return claimed > 1.05 * present and claimed < 0xFFFFFFFF - 8
    if head[:4] == b"OggS":
        return not _ogg_ends(file)
    claimed = _mpeg_frames(head)
    return claimed > 1.05 * decoded_frames


def _chunk_claim(file: OpenFile, *, big_endian: bool) -> tuple[int, int]:
    """Claimed and present bytes of the sound's chunk; (0, 0) where there is none."""
    for name, start, size in _chunks(file, ">" if big_endian else "<"):
        if name in {b"data", b"SSND"}:
            return size, max(1, file.size - start)
    return 0, 0


def _chunks(file: OpenFile, order: str) -> Iterator[tuple[bytes, int, int]]:
    position = 12
    for _ in range(1000):
        header = file.peek(8, offset=position)
        if len(header) < 8:
            return
        size = struct.unpack(order + "I", header[4:])[0]
        yield header[:4], position + 8, size
        position += 8 + size + size % 2


def _ogg_ends(file: OpenFile) -> bool:
    tail = file.peek(TAIL, offset=max(0, file.size - TAIL))
    page = tail.rfind(b"OggS")
    while page >= 0 and page + 27 <= len(tail):
        if tail[page + 4] == 0:
            segments = tail[page + 26]
            end = page + 27 + segments + sum(tail[page + 27 : page + 27 + segments])
            return bool(tail[page + 5] & EOS) and end <= len(tail)
        page = tail.rfind(b"OggS", 0, page)
    return False


def _mpeg_frames(head: bytes) -> int:
    """Samples per channel that a Xing or Info header claims; 0 without one."""
    for mark in (b"Xing", b"Info"):
        at = head.find(mark)
        if 0 <= at <= len(head) - 12 and head[at + 7] & 1:
            mpeg1 = _sync_version(head, at) == 3
            return int.from_bytes(head[at + 8 : at + 12], "big") * (1152 if mpeg1 else 576)
    return 0


def _sync_version(head: bytes, before: int) -> int:
    """MPEG version bits of the frame that holds the mark (3 is MPEG-1)."""
    at = head.rfind(b"\xff", 0, before)
    while at >= 0:
        if head[at + 1] & 0xE0 == 0xE0:
            return (head[at + 1] >> 3) & 3
        at = head.rfind(b"\xff", 0, at)
    return 3
