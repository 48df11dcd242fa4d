"""Words for intervals, tempi, stretches of time and lists, as every sentence of a comparison uses them."""

from __future__ import annotations

from collections.abc import Sequence

from ..units import clock, signed_semitones

INTERVALS = ("", "a semitone", "a whole tone", "a minor third", "a major third", "a fourth", "a tritone")
SAME_TEMPO = 0.01  # tempo ratios that near to 1 count as equal


def pitch_words(transposition: int) -> str:
    """A transposition (of the reference up to the query) in words.

    >>> pitch_words(3), pitch_words(-1), pitch_words(0)
    ('A lies a minor third (3 semitones) higher', 'A lies a semitone lower', 'both at the same pitch')
    """
    semitones = signed_semitones(transposition)
    if semitones == 0:
        return "both at the same pitch"
    size = abs(semitones)
    count = f" ({size} semitones)" if size > 1 else ""
    return f"A lies {INTERVALS[size]}{count} {'higher' if semitones > 0 else 'lower'}"


def tempo_words(ratio: float) -> str:
    """A tempo ratio (query over reference) in words.

    >>> tempo_words(1.004), tempo_words(1.2), tempo_words(0.93)
    ('both at the same tempo', 'A is 20 % faster', 'A is 7 % slower')
    """
    if abs(ratio - 1) <= SAME_TEMPO:
        return "both at the same tempo"
    return f"A is {percent(abs(ratio - 1))} {'faster' if ratio > 1 else 'slower'}"


def relation_words(transposition: int, ratio: float) -> str:
    """Pitch and tempo of the query against the reference's, in one phrase.

    >>> relation_words(3, 0.8), relation_words(0, 1.0)
    ('A lies a minor third (3 semitones) higher and is 20 % slower', 'both at the same pitch and tempo')
    >>> relation_words(0, 1.1), relation_words(-1, 1.0)
    ('both at the same pitch, A is 10 % faster', 'A lies a semitone lower, both at the same tempo')
    """
    same_pitch, same_tempo = signed_semitones(transposition) == 0, abs(ratio - 1) <= SAME_TEMPO
    if same_pitch and same_tempo:
        return "both at the same pitch and tempo"
    if same_pitch or same_tempo:
        return f"{pitch_words(transposition)}, {tempo_words(ratio)}"
    return f"{pitch_words(transposition)} and {tempo_words(ratio).removeprefix('A ')}"


def clock_range(start_s: float, end_s: float) -> str:
    """A stretch of time as a listener reads it.

    >>> clock_range(9.6, 62)
    '0:10–1:02'
    """
    return f"{clock(round(start_s))}–{clock(round(end_s))}"


def lasting(seconds: float) -> str:
    """A length of time: seconds, or minutes from two on.

    >>> lasting(14.6), lasting(150)
    ('15 s', '2:30 min')
    """
    return f"{round(seconds)} s" if seconds < 120 else f"{clock(round(seconds))} min"


def percent(share: float) -> str:
    """A share in whole per cent.

    >>> percent(0.456)
    '46 %'
    """
    return f"{round(100 * share)} %"


def listed(names: Sequence[str]) -> str:
    """Names as a sentence lists them.

    >>> listed(["C", "G", "Am"])
    'C, G and Am'
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def place(start_s: float, end_s: float, duration_s: float) -> str:
    """In which part of a recording a stretch lies, in words."""
    if duration_s <= 0 or end_s - start_s >= 0.8 * duration_s:
        return "nearly all"
    if end_s - start_s >= 0.5 * duration_s:
        return "more than half"
    middle = (start_s + end_s) / 2 / duration_s
    return "in the first third" if middle < 1 / 3 else "in the last third" if middle > 2 / 3 else "in the middle"
