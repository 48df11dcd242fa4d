"""One road through both recordings, made of the passages they share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..types import DoubleArray, Passage

OVERLAP_S = 1.0  # what neighbouring passages of one chain may overlap; the later one then begins later


def forward_chain(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The passages that run forward in both recordings and together hold the most alike seconds.

    A comparison may jump: a verse of the query may answer two of the reference. Formats with one
    monotone alignment can hold only a chain of passages that follow each other on both sides; of all
    chains this is the one whose duration in the query times similarity is greatest. Ties: the earlier.
    """
    ordered = sorted(passages, key=lambda p: (p.span.query_start_s, p.span.reference_start_s, p.span.query_end_s))
    weight = [p.span.query_duration_s * p.similarity for p in ordered]
    best, before = list(weight), [-1] * len(ordered)
    for i, later in enumerate(ordered):
        for j in range(i):
            if _follows(ordered[j], later) and best[j] + weight[i] > best[i]:
                best[i], before[i] = best[j] + weight[i], j
    at = int(np.argmax(best)) if best else -1
    chain: list[Passage] = []
    while at >= 0:
        chain.append(ordered[at])
        at = before[at]
    return tuple(reversed(chain))


def _follows(earlier: Passage, later: Passage) -> bool:
    a, b = earlier.span, later.span
    return (
        b.query_start_s >= a.query_end_s - OVERLAP_S
        and b.reference_start_s >= a.reference_end_s - OVERLAP_S
        and b.query_start_s > a.query_start_s
        and b.reference_start_s > a.reference_start_s
        and b.query_end_s > a.query_end_s
        and b.reference_end_s > a.reference_end_s
    )


def joint_path(passages: Sequence[Passage]) -> DoubleArray:
    """``(n, 2)`` seconds (query, reference), strictly rising in both: the paths of the forward chain, joined.

    Between passages nothing is claimed; whoever interpolates over a gap does so on their own account.
    No passages: shape ``(0, 2)``.

    >>> from versionmatch.types import Passage, Span
    >>> verse = Passage(Span(0, 2, 5, 9), [[0, 5], [1, 7], [1, 7.5], [2, 9]], ("melody",), 0.9, 0, 2.0)
    >>> joint_path([verse]).tolist()
    [[0.0, 5.0], [1.0, 7.0], [2.0, 9.0]]
    """
    points: list[tuple[float, float]] = []
    for passage in forward_chain(passages):
        for query_s, reference_s in passage.path_s.tolist():
            if not points or (query_s > points[-1][0] and reference_s > points[-1][1]):
                points.append((query_s, reference_s))
    return np.array(points, dtype=np.float64).reshape(-1, 2)
