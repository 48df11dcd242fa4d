"""A shared melodic passage in words: what was measured, and nothing about what it means."""

from __future__ import annotations

from dataclasses import dataclass

from ..plugins import Track
from ..types import Annotation, Common, Passage
from ..units import signed_semitones
from .phrases import clock_range, place, tempo_words

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


@dataclass(frozen=True, slots=True)
class Figures:
    """The rarest and the commonest figure of a passage; ``few``: the rarest is in too few tunes to be counted."""

    rarest: Common
    commonest: Common
    few: bool = False


def sentence_of(passage: Passage, query: Track, reference: Track, figures: Figures | None = None) -> str:
    """When, which bars, which part, how high, how fast, how often, how common, how unusual."""
    n = 0 if passage.notes is None else len(passage.notes)
    span, (bars_a, bars_b) = passage.span, passage.bars
    a = _where("A", query, span.query_start_s, span.query_end_s, bars_a)
    b = _where("B", reference, span.reference_start_s, span.reference_end_s, bars_b)
    parts = [
        f"{counted(n).capitalize()} notes of {a} answer {counted(n)} of {b}, {raised_words(passage.transposition)}, "
        f"{tempo_words(passage.tempo_ratio)}"
    ]
    if passage.times:
        parts.append(f"the tune of it occurs {often(passage.times[0])} in A and {often(passage.times[1])} in B")
    if figures:
        parts.append(common_words(figures))
    if passage.p_value is not None:
        parts.append(f"unrelated works of such lengths share a passage as strong in {_rate(passage.p_value)} of cases")
    return "; ".join(parts) + "."


def counted(n: int) -> str:
    """A number in words up to twelve, then in digits.

    >>> counted(9), counted(31)
    ('nine', '31')
    """
    return NUMBERS[n] if n < len(NUMBERS) else str(n)


def often(n: int) -> str:
    """How often in words.

    >>> often(1), often(2), often(14)
    ('once', 'twice', '14 times')
    """
    return {1: "once", 2: "twice"}.get(n, f"{counted(n)} times")


def raised_words(transposition: int) -> str:
    """By how much the reference is moved for a passage.

    >>> raised_words(3), raised_words(-1), raised_words(0)
    ('B raised by 3 semitones', 'B lowered by 1 semitone', 'both at the same pitch')
    """
    steps = signed_semitones(transposition)
    if steps == 0:
        return "both at the same pitch"
    return f"B {'raised' if steps > 0 else 'lowered'} by {abs(steps)} semitone{'s' if abs(steps) > 1 else ''}"


def common_words(figures: Figures) -> str:
    """In how many tunes a passage's figures are.

    >>> one = Common("tunes", 412, 3219, "+2 +2 +1 +2", 0, 5)
    >>> common_words(Figures(Common("tunes", 3, 3219, "+7 −1 −6 +9", 4, 5), one))
    'its commonest figure of five notes is in 412 of 3,219 tunes, its rarest in 3'
    """
    low, high = figures.rarest, figures.commonest
    of = f"{high.n_works:,} tunes"
    rare = f"at most {low.n_with}" if figures.few else f"{low.n_with:,}"
    if (low.start, low.n_with) == (high.start, high.n_with):
        return f"its figure of {counted(high.length)} notes is in {rare} of {of}"
    common = f"at most {high.n_with}" if figures.few and high.n_with == low.n_with else f"{high.n_with:,}"
    return f"its commonest figure of {counted(high.length)} notes is in {common} of {of}, its rarest in {rare}"


def _where(side: str, track: Track, start_s: float, end_s: float, bars: tuple[int, int] | None) -> str:
    told = []
    if bars is not None:
        told.append(f"bar {bars[0]}" if bars[0] == bars[1] else f"bars {bars[0]}–{bars[1]}")
    section = _section(track, (start_s + end_s) / 2)
    if section:
        told.append(f"section {section}")
    recording = getattr(track, "recording", None)
    if recording is not None and recording.duration_s > 0:
        told.append(place(start_s, end_s, recording.duration_s))
    return f"{side} {clock_range(start_s, end_s)}" + (f" ({', '.join(told)})" if told else "")


def _section(track: Track, at_s: float) -> str:
    """The label of the section that holds a time, where sections are at hand; nothing is extracted for a sentence."""
    if not any(kind == "sections" for kind in track):
        return ""
    sections: Annotation = track["sections"]
    for onset, duration, label in zip(sections.onset_s, sections.duration_s, sections.labels, strict=True):
        if onset <= at_s < onset + duration:
            return label
    return ""


def _rate(p: float) -> str:
    """A chance in per cent, two digits.

    >>> _rate(0.034), _rate(0.00005)
    ('3.4 %', '0.005 %')
    """
    return f"{100 * p:.2g} %" if p >= 1e-6 else "less than 0.0001 %"
