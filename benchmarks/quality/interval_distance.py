"""A plain measure of two melodies as notes: the edit distance of their pitch intervals, which no transposition changes.

Onsets and durations do not count. Dynamic programming row by row, one query against all candidates at once; within a
row, running minima take the place of a loop.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from versionmatch.types import DoubleArray

PADDING = 10_000  # no interval


def interval_distances(sequences: Sequence[npt.NDArray[np.int64]]) -> DoubleArray:
    """Of every pair the fewest insertions, deletions and exchanges, over the longer one's length: ``(n, n)`` in [0, 1].

    >>> interval_distances([np.array([2, 2, 1]), np.array([2, 1])]).round(3).tolist()
    [[0.0, 0.333], [0.333, 0.0]]
    """
    lengths = np.array([len(s) for s in sequences])
    padded = np.full((len(sequences), int(lengths.max())), PADDING)
    for row, sequence in zip(padded, sequences, strict=True):
        row[: len(sequence)] = sequence
    table = np.zeros((len(sequences), len(sequences)))
    for i, sequence in enumerate(sequences):
        table[i] = _edits(sequence, padded, lengths) / np.maximum(np.maximum(lengths, len(sequence)), 1)
    return table


def _edits(query: npt.NDArray[np.int64], padded: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> DoubleArray:
    """Edits between one sequence and each row of ``padded``, the first ``lengths`` of which count."""
    column = np.arange(padded.shape[1] + 1)
    edits = np.tile(column, (len(padded), 1))
    for done, value in enumerate(query, start=1):
        fresh = np.empty_like(edits)
        fresh[:, 0] = done
        np.minimum(edits[:, 1:] + 1, edits[:, :-1] + (padded != value), out=fresh[:, 1:])
        edits = np.minimum.accumulate(fresh - column, axis=1) + column
    found: DoubleArray = edits[np.arange(len(padded)), lengths].astype(np.float64)
    return found
