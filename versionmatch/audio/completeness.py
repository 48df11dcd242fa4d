"""Whether all the sound of a file was heard: nothing is taken for whole because a decoder said nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from ..errors import AudioDecodeError, InputError, MissingExtra
from ..types import Recording
from .claims import claim_of
from .container import ContainerReader, demuxers_of

SLACK_S = 1.0
"""Two decoders may differ by so much where a file breaks off: one gives up a block earlier."""

PLAYLISTS = (b"#EXTM3U", b"[playlist]", b"ffconcat", b"<asx", b"<smil", b"[Reference]")
PROTECTED = (b"drms", b"enca", bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"))
"""Boxes of m4p and m4a, and an object of asf, that say that the sound is encrypted."""


def refuse(path: str, file: IO[bytes]) -> None:
    """Raise AudioDecodeError for playlists and encrypted sound, before any decoder sees them."""
    head = file.read(1 << 16)
    file.seek(0)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(PLAYLISTS):
        raise AudioDecodeError(path, "it is a playlist", "give the files that it names", code="playlist_refused")
    container = head[4:8] == b"ftyp" or head[:4] == b"\x30\x26\xb2\x75"
    if container and any(mark in head for mark in PROTECTED):
        raise AudioDecodeError(path, "its sound is encrypted", "give an unprotected file", code="encrypted_drm")


def unheard(path: str, recording: Recording, *, whole: bool = True) -> tuple[str, str] | None:
    """A code and words for what is missing or broken; None where all that the file claims was decoded.

    ``recording`` is what the first decoder made of the file. Where it broke off or the file's own claim does not agree,
    a second decoder (PyAV, where it is installed) tells whether the end is missing or only the first decoder failed.
    """
    with open(path, "rb") as file:
        claim = claim_of(file, os.fstat(file.fileno()).st_size) if whole else None
    heard_s = recording.duration_s
    if claim is not None and claim.damage:
        return ("truncated" if claim.cut else "decoder_error"), claim.damage
    if "truncated" in recording.flags:
        other_s = second_seconds(path)
        if other_s is not None and other_s > heard_s + SLACK_S:
            return "decoder_disagree", f"one decoder gives {heard_s:.2f} s, another {other_s:.2f} s"
        return "truncated", f"it ends or breaks off after {heard_s:.2f} s"
    if claim is None or not claim.frames or not claim.sr:
        return None
    claimed_s = claim.frames / claim.sr
    if abs(claimed_s - heard_s) > claim.slack_s:
        code = "truncated" if claim.cut else "duration_mismatch"
        return code, f"it states {claimed_s:.2f} s and gives {heard_s:.2f} s"
    return None


def second_seconds(path: str) -> float | None:
    """Length of the sound by the second decoder; None where it is not installed or cannot read the file."""
    try:
        with Path(path).open("rb") as file:
            head = file.read(1024)
            for demuxer in demuxers_of(head):
                file.seek(0)
                reader = ContainerReader(file, path, demuxer)
                try:
                    return float(sum(block.shape[0] for block in reader.blocks()) / reader.sr)
                finally:
                    reader.close()
    except (MissingExtra, InputError, OSError, ValueError):
        return None
    return None
