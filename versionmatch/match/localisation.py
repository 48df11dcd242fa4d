"""How well passages that were found answer the passage that is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import InputError
from ..types import Passage, Span

BOUNDARIES = ("a_start_s", "a_end_s", "b_start_s", "b_end_s")


@dataclass(frozen=True, slots=True)
class Truth:
    """The shared passage: its span (``a`` is the query), and how the two differ, where that is known."""

    span: Span
    transposition: int | None = None
    tempo_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The passage that answers a truth best: its IoU (of the worse side), its errors in seconds, and the rest.

    ``errors_s`` are found less true, in the order of ``BOUNDARIES``; ``further``: how many passages miss the
    truth on at least one side; ``transposition_right`` and ``tempo_error`` (relative) are None where
    the truth does not say.
    """

    iou: float
    errors_s: tuple[float, float, float, float]
    transposition_right: bool | None
    tempo_error: float | None
    further: int


def overlap(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Seconds that two stretches have in common.

    >>> overlap((0.0, 4.0), (3.0, 9.0)), overlap((0.0, 1.0), (2.0, 3.0))
    (1.0, 0.0)
    """
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))


def iou(one: Span, other: Span) -> float:
    """What two spans have in common over what they hold together, on the side where that is less; 0…1.

    >>> iou(Span(0, 10, 50, 60), Span(0, 10, 55, 65))
    0.3333333333333333
    """
    return min(_iou(*sides) for sides in zip(_sides(one), _sides(other), strict=True))


def best_answer(passages: Sequence[Passage], truth: Truth) -> Answer | None:
    """The passage with the largest IoU beside the truth; None where none meets it on both sides."""
    if min(truth.span.query_duration_s, truth.span.reference_duration_s) <= 0:
        raise InputError(f"a true passage must last longer than 0 s; got {truth.span}")
    meeting = [p for p in passages if iou(p.span, truth.span) > 0]
    if not meeting:
        return None
    best = max(meeting, key=lambda p: iou(p.span, truth.span))
    right = None if truth.transposition is None else (best.transposition - truth.transposition) % 12 == 0
    tempo = None if truth.tempo_ratio is None else abs(best.tempo_ratio / truth.tempo_ratio - 1.0)
    found, wanted = (
        (s.query_start_s, s.query_end_s, s.reference_start_s, s.reference_end_s) for s in (best.span, truth.span)
    )
    errors = (found[0] - wanted[0], found[1] - wanted[1], found[2] - wanted[2], found[3] - wanted[3])
    return Answer(iou(best.span, truth.span), errors, right, tempo, len(passages) - len(meeting))


def _sides(span: Span) -> tuple[tuple[float, float], tuple[float, float]]:
    return (span.query_start_s, span.query_end_s), (span.reference_start_s, span.reference_end_s)


def _iou(one: tuple[float, float], other: tuple[float, float]) -> float:
    common = overlap(one, other)
    together = (one[1] - one[0]) + (other[1] - other[0]) - common
    return common / together if together > 0 else 0.0
