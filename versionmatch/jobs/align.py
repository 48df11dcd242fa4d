"""Align two recordings from end to end: which moment of the other answers which moment of the reference."""

from __future__ import annotations

import numpy as np

from ..align.chain import forward_chain, joint_path
from ..align.dtw import dtw
from ..align.oti import optimal_transposition
from ..features.view import FeatureCache
from ..match.cues.passages import passages_between
from ..types import DoubleArray, Features
from .opening import Source, open_track

FRAME_RATE = 10.0
MIN_SHARE = 0.5
"""Where passages cover less than this share of the shorter recording, the whole is aligned at once."""


def align(reference: Source, other: Source, *, cache: FeatureCache | None = None) -> DoubleArray:
    """Corresponding times of two recordings, ``(n, 2)`` seconds, both columns ascending.

    Shared passages are aligned where they are; between them time runs evenly. Where hardly anything is
    shared in the same order, one exact alignment of the whole recordings, transposed to a common key,
    is given instead. Use ``compare`` to be told which parts have no counterpart at all.

    Raises AudioDecodeError or LimitError for what cannot be read.

    Examples
    --------
    >>> from versionmatch.audio import synth
    >>> steps = [0, 4, 7, 5, 4, 2, 0, 7, 9, 7, 5, 4, 2, 4, 0, 0] * 4
    >>> tune = [(60 + step, 0.5 * i, 0.5) for i, step in enumerate(steps)]
    >>> song = synth.melody(tune)
    >>> times = align((song.samples, song.sr), (song.samples, song.sr))
    >>> bool(abs(times[:, 0] - times[:, 1]).max() < 0.1)
    True
    """
    first, second = (open_track(source, cache=cache) for source in (reference, other))
    a: Features = first["chroma"]
    b: Features = second["chroma"]
    passages = passages_between(first, second)
    chain = forward_chain(passages)
    covered = sum(p.span.query_duration_s for p in chain)
    shortest = min(first.recording.duration_s, second.recording.duration_s)
    if covered < MIN_SHARE * shortest:
        return _whole(a, b)
    return _ascending(joint_path(chain))


def _whole(a: Features, b: Features) -> DoubleArray:
    path = dtw(a, b.transposed(optimal_transposition(a, b))).times_s
    return _ascending(path)


def _ascending(times: DoubleArray) -> DoubleArray:
    """One row per moment of the first recording, thinned to ten a second."""
    moments, where = np.unique(np.floor(times[:, 0] * FRAME_RATE + 0.5), return_index=True)
    other = np.maximum.accumulate(times[where, 1])
    result: DoubleArray = np.column_stack([moments / FRAME_RATE, other])
    return result
