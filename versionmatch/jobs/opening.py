"""Opening what a caller names: a file, bytes, samples or an opened track become a Track."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np

from ..audio.decode import Limits, load
from ..errors import InputError
from ..features.view import FeatureCache, Track
from ..types import Features, Peaks, Recording

Source: TypeAlias = "str | Path | bytes | BinaryIO | tuple[np.ndarray[Any, Any], int] | Track"
"""What stands for a recording: a path, its bytes, an open file, ``(samples, sr)``, or a Track."""

SLICED = ("cqt", "melody", "onsets")
"""Kinds that are cut when only a part is compared; the others are made anew from them. So are peaks, if there."""


def open_track(
    source: Source,
    *,
    extractors: Mapping[str, str] | None = None,
    cache: FeatureCache | None = None,
    limits: Limits | None = None,
) -> Track:
    """The recording with features made on demand; a Track is handed through as it is.

    Raises AudioDecodeError, LimitError or InputError, each naming the source and the remedy.
    """
    if isinstance(source, Track):
        return source
    recording, audio = load(source, limits=limits or Limits())
    return Track(recording, {"audio": audio}, choice=extractors, cache=cache)


def excerpt(track: Track, start_s: float, end_s: float) -> Track:
    """The same recording, only from ``start_s`` to ``end_s``; its time 0 is ``start_s`` of the whole."""
    whole: Recording = track.recording
    if start_s >= whole.duration_s:
        raise InputError(
            f"{whole.label} is {whole.duration_s:.1f} s long; a range from {start_s:g} s on lies outside it"
        )
    end_s = min(end_s, whole.duration_s)
    cut: dict[str, Features | Peaks] = {kind: track[kind].between(start_s, end_s) for kind in SLICED}
    if any(kind == "peaks" for kind in track):  # ``in`` would make them
        cut["peaks"] = track["peaks"].between(start_s, end_s)
    part = Recording(
        id=whole.id,
        source=whole.source,
        duration_s=end_s - start_s,
        title=whole.title,
        artist=whole.artist,
        flags=whole.flags,
    )
    return Track(part, cut)
