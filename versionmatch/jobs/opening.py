"""Opening what a caller names: a file of sound or a score, bytes, samples or an opened track become a Track."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np

from ..audio.decode import Limits, load
from ..audio.source import label_of
from ..errors import InputError
from ..features.view import FeatureCache, Track
from ..scores.reading import read_score
from ..scores.sounding import features_of, sound_of
from ..types import Audio, Feature, Recording

Source: TypeAlias = "str | Path | bytes | BinaryIO | tuple[np.ndarray[Any, Any], int] | Track"
"""What stands for a recording or a score: a path, its bytes, an open file, ``(samples, sr)``, or a Track."""

WRITTEN = ("notes", "chords", "key", "beats")
"""Kinds that are cut, too, where they are given: written in a score, or corrected by hand."""

SLICED = ("cqt", "melody", "onsets")
"""Kinds that are cut when only a part is compared; the others are made anew from them. So are peaks, if there."""


def open_track(
    source: Source,
    *,
    extractors: Mapping[str, str] | None = None,
    cache: FeatureCache | None = None,
    limits: Limits | None = None,
    melody_part: str = "",
) -> Track:
    """The recording with features made on demand; a Track is handed through as it is.

    A score's sound is made of its notes, and its melody, notes, key, beats and chord symbols are what is written,
    whatever ``extractors`` say. ``melody_part`` chooses the part that carries its melody, by name or number, or
    ``skyline``; of a recording it is an error.

    Raises AudioDecodeError, LimitError or InputError, each naming the source and the remedy.
    """
    if isinstance(source, Track):
        return source
    allowed = limits or Limits()
    score = read_score(source, limits=allowed)
    if score is not None:
        allowed.check_duration(label_of(source), score.end_s)
        recording, audio = sound_of(score, source=label_of(source))
        return Track(recording, features_of(score, audio, part=melody_part), choice=extractors, cache=cache)
    if melody_part:
        raise InputError(f"{label_of(source)} is no score, so that it has no part {melody_part!r} for the melody")
    recording, audio = load(source, limits=allowed)
    return Track(recording, {"audio": audio}, choice=extractors, cache=cache)


def excerpt(track: Track, start_s: float, end_s: float) -> Track:
    """The same recording, only from ``start_s`` to ``end_s``; its time 0 is ``start_s`` of the whole."""
    whole: Recording = track.recording
    if start_s >= whole.duration_s:
        raise InputError(
            f"{whole.label} is {whole.duration_s:.1f} s long; a range from {start_s:g} s on lies outside it"
        )
    end_s = min(end_s, whole.duration_s)
    cut: dict[str, Audio | Feature] = {kind: track[kind].between(start_s, end_s) for kind in SLICED}
    kept = [kind for kind in WRITTEN if kind in track.given or (whole.is_score and track.kept(kind))]
    cut |= {kind: track[kind].between(start_s, end_s) for kind in kept}
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
