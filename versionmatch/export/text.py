"""A comparison in words: what a musicologist reads in the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from pathlib import Path

from ..match.melodic_words import often
from ..match.withheld import withheld
from ..types import ELEMENTS, ElementScore, Evidence, Match, Passage
from ..units import clock
from .facts import key, sides, tempo_bpm, tempo_is_sure

WIDTH = 100
MIN_PAIRS = 200  # fewer unrelated pairs cannot say how rare a value is

LIMITS = (
    "The figures say how alike the sounds are and how often unrelated recordings are as alike. They say nothing "
    "about how a likeness came about, nor about anybody's rights. Lyrics, timbre and production were not compared."
)

_WORDS = (
    (0.98, "almost certainly"),
    (0.90, "very probably"),
    (0.70, "probably"),
    (0.30, "possibly"),
    (0.10, "probably not"),
    (0.02, "very probably not"),
    (0.00, "almost certainly not"),
)


class TextExporter:
    """A readable summary of at most 100 columns; ``colour`` adds ANSI colours for a terminal."""

    name, suffix = "text", ".txt"

    def __init__(self, *, colour: bool = False) -> None:
        self._colour = colour

    def document(self, match: Match) -> str:
        """The summary's text, ending with a newline."""
        parts = [
            self._head(match),
            self._verdict(match),
            self._withheld(match),
            self._scores(match),
            self._passages(match),
            self._listed("Differences", match.differences),
            self._elements(match),
            self._controls(match),
            self._listed("Notes", match.notes),
            self._listed("Limits", [LIMITS]),
        ]
        return "\n\n".join(part for part in parts if part) + "\n"

    def export(self, match: Match, path: Path) -> None:
        """Write the summary, UTF-8."""
        path.write_text(self.document(match), encoding="utf-8")

    def _strong(self, text: str) -> str:
        return f"\033[1m{text}\033[0m" if self._colour else text

    def _side(self, letter: str, text: str) -> str:
        code = "34" if letter == "A" else "33"  # blue and orange, as in the report
        return f"\033[{code}m{text}\033[0m" if self._colour else text

    def _head(self, match: Match) -> str:
        lines = []
        for letter, side, recording, track in sides(match):
            label = _shortened(recording.label, 40)
            who = f"{label} – {_shortened(recording.artist, 24)}" if recording.artist else label
            facts = [clock(recording.duration_s)]
            found, bpm = key(track), tempo_bpm(track)
            facts += [found[0]] if found is not None else []
            doubt = "" if tempo_is_sure(track) else " (uncertain)"
            facts += [f"{bpm:.0f} bpm{doubt}"] if bpm is not None else []
            facts += [flag.replace("_", " ") for flag in recording.flags]
            lines += [
                self._side(letter, line) for line in _wrapped(f"{letter}  {who} ({side}): {', '.join(facts)}", "   ")
            ]
        return "\n".join(lines)

    def _verdict(self, match: Match) -> str:
        rows = [("relation", match.relation)]
        rows.append(("versions of one work", probability_in_words(match.probability)))
        if match.passages:
            rows += [("key", transposition_in_words(match.transposition)), ("tempo", tempo_in_words(match.tempo_ratio))]
        rows.append(("shared", f"{_percent(match.coverage_query)} of A, {_percent(match.coverage_reference)} of B"))
        return "\n".join(f"{self._strong(name.ljust(22))}{text}" for name, text in rows)

    def _elements(self, match: Match) -> str:
        if not match.evidence:
            return ""
        header = f"{'measure':<12}{'value':>10}  {'unit':<30}{'unrelated pairs below':>22}{'p':>10}"
        lines = [self._strong(header)]
        hidden = withheld(match.controls)
        grouped = any(item.element for item in match.evidence)
        last = None
        for item in sorted(match.evidence, key=lambda e: (*ELEMENTS, "").index(e.element)):
            if grouped and item.element != last:
                lines.append(f"{item.element or 'of no single element'}:")
            last = item.element
            below = "no null" if item.null is None else f"{item.null.percentile(item.raw):.1f} %"
            p_value = "–" if item.p_value is None else p_in_words(item.p_value)
            if item.cue in hidden:
                below = p_value = "withheld"
            value = f"{item.raw:.4g}"
            unit = _shortened(item.unit, 29)
            lines.append(f"{_shortened(item.cue, 11):<12}{value:>10}  {unit:<30}{below:>22}{p_value:>10}")
        lines += [line for note in _null_notes(match.evidence) for line in _wrapped(note, "")]
        for item in match.evidence:
            lines += [line for note in item.notes for line in _wrapped(f"{item.cue}: {note}", "  ")]
        return "\n".join(lines)

    def _withheld(self, match: Match) -> str:
        told = [f"{cue}: {reason}" for cue, reason in withheld(match.controls).items()]
        return self._listed("Withheld, because a control did not come out as it must", told)

    def _scores(self, match: Match) -> str:
        if not match.elements:
            return ""
        hidden = withheld(match.controls)
        lines = [self._strong(f"{'element':<12}{'nats':>10}{'share':>8}{'p':>10}  made up of")]
        for score in match.elements:
            p = "withheld" if {*score.parts, score.element} & set(hidden) else _p_or_dash(score.p_value)
            lines.append(
                f"{score.element:<12}{score.nats:>10.1f}{_percent(score.share):>8}{p:>10}  "
                f"{_shortened(_parts(score), WIDTH - 42)}"
            )
        return "\n".join(lines)

    def _controls(self, match: Match) -> str:
        """Those that failed with their reason; of the others how many, by what was asked (the report has them all)."""
        told = [f"{c.name}, {c.cue}: NOT as it must be. {c.sentence}" for c in match.controls if not c.passed]
        asked = dict.fromkeys(c.name for c in match.controls if c.passed)
        for name in asked:
            cues = [c.cue for c in match.controls if c.passed and c.name == name]
            told.append(f"{name}: {len(cues)} as they must be ({', '.join(dict.fromkeys(cues))})")
        return self._listed("Controls: the same measures where the answer is known", told)

    def _passages(self, match: Match) -> str:
        if not match.passages:
            return self._strong("Shared passages") + "\nnone found"
        lines = [self._strong(f"Shared passages ({len(match.passages)})")]
        for number, passage in enumerate(match.passages, start=1):
            lines += _wrapped(f"{f'P{number}':<4}{times_in_words(passage)}", "    ")
            lines += _wrapped(f"    {passage.sentence or passage_in_words(passage)}", "    ")
            facts = notes_in_words(passage)
            lines += _wrapped(f"    {facts}", "    ") if facts else []
        return "\n".join(lines)

    def _listed(self, title: str, items: Iterable[str]) -> str:
        lines = [line for item in items for line in _wrapped(f"· {item}", "  ")]
        return "\n".join([self._strong(title), *lines]) if lines else ""


def probability_in_words(probability: float | None) -> str:
    """The probability with its wording.

    >>> probability_in_words(0.97), probability_in_words(None)
    ('very probably (0.97)', 'no statement: the sound does not allow one')
    """
    if probability is None:
        return "no statement: the sound does not allow one"
    words = next(text for least, text in _WORDS if probability >= least)
    if probability > 0.995:
        return f"{words} (above 0.99)"
    return f"{words} (below 0.01)" if probability < 0.005 else f"{words} ({probability:.2f})"


def transposition_in_words(semitones: int) -> str:
    """What brings the reference, B, to the query's key.

    >>> transposition_in_words(-4)
    'B lies 4 semitones above A (shown lowered by 4)'
    """
    if semitones == 0:
        return "A and B are at the same pitch"
    n = abs(semitones)
    unit = "semitone" if n == 1 else "semitones"
    where, move = ("below", "raised") if semitones > 0 else ("above", "lowered")
    return f"B lies {n} {unit} {where} A (shown {move} by {n})"


def tempo_in_words(ratio: float) -> str:
    """How fast the query, A, is beside the reference, B.

    >>> tempo_in_words(1.19), tempo_in_words(1.0)
    ('A is 19 % faster than B (ratio 1.190)', 'A and B have the same tempo (ratio 1.000)')
    """
    percent = round(abs(ratio - 1.0) * 100)
    if percent == 0:
        return f"A and B have the same tempo (ratio {ratio:.3f})"
    return f"A is {percent} % {'faster' if ratio > 1 else 'slower'} than B (ratio {ratio:.3f})"


def p_in_words(p_value: float) -> str:
    """A p-value with two figures, never as zero.

    >>> p_in_words(0.0312), p_in_words(0.00004)
    ('.031', '< .001')
    """
    if p_value < 0.001:
        return "< .001"
    return f"{p_value:.2g}".removeprefix("0") if p_value < 1 else "1"


def times_in_words(passage: Passage) -> str:
    """Where a passage is in both.

    >>> from versionmatch.types import Span
    >>> times_in_words(Passage(Span(41, 49.5, 60, 70), [[41, 60], [49.5, 70]], ("melody",), 0.83, 0, 1.18))
    'A 0:41–0:49.5  =  B 1:00–1:10'
    """
    span = passage.span
    query = f"A {clock(span.query_start_s)}–{clock(span.query_end_s)}"
    return f"{query}  =  B {clock(span.reference_start_s)}–{clock(span.reference_end_s)}"


def passage_in_words(passage: Passage) -> str:
    """A plain sentence on a passage that has none of its own."""
    elements = " and ".join(passage.elements) or "the sound"
    return (
        f"{elements} agree over {passage.span.query_duration_s:.1f} s of A and "
        f"{passage.span.reference_duration_s:.1f} s of B (similarity {passage.similarity:.2f})."
    )


def notes_in_words(passage: Passage) -> str:
    """What notes tell of a passage: how many, in which bars, how often, how common, how unusual; empty without any.

    >>> from versionmatch.types import Common, Span
    >>> common = Common("folk tunes", 41, 909, "five notes in a row")
    >>> notes = [(0, 0), (1, 2)]
    >>> place = Span(0, 9, 0, 9), [[0, 0], [9, 9]], ("melody",), 0.8, 0, 1.0, ""
    >>> notes_in_words(Passage(*place, notes, (3, 2), ((5, 8), None)))
    '2 notes answer each other; bars 5–8 of A; three times in A, twice in B'
    >>> notes_in_words(Passage(*place, common=common, p_value=0.03))
    'five notes in a row: in 41 of 909 works of folk tunes; p .03'
    """
    told = [] if passage.notes is None else [f"{len(passage.notes)} notes answer each other"]
    told += [f"bars {b[0]}–{b[1]} of {side}" for side, b in zip("AB", passage.bars, strict=True) if b is not None]
    if passage.times is not None:
        told.append("{} in A, {} in B".format(*(often(n) for n in passage.times)))
    if passage.common is not None:
        c = passage.common
        told.append(f"{c.figure}: in {c.n_with or 'none'} of {c.n_works:,} works of {c.corpus}")
    if passage.p_value is not None:
        told.append(f"p {p_in_words(passage.p_value)}")
    return "; ".join(told)


def _parts(score: ElementScore) -> str:
    parts = sorted(score.parts.items(), key=lambda part: -part[1])
    return ", ".join(f"{cue} {nats:.1f}" for cue, nats in parts)


def _p_or_dash(p_value: float | None) -> str:
    return "–" if p_value is None else p_in_words(p_value)


def _null_notes(evidence: Iterable[Evidence]) -> list[str]:
    """Of what the nulls are: each corpus once, with the number of pairs from the smallest to the largest null."""
    asked = list(evidence)
    sizes: dict[str, list[int]] = {}
    for item in asked:
        if item.null is not None:
            sizes.setdefault(item.null.corpus, []).append(item.null.n_pairs)
    notes = [f"Unrelated pairs: {between(counts)} of {corpus}." for corpus, counts in sizes.items()]
    few = sorted({n for counts in sizes.values() for n in counts if n < MIN_PAIRS})
    notes += [f"{n} pairs are insufficient for a statement on rarity." for n in few]
    bare = [item.cue for item in asked if item.null is None]
    return notes + ([f"Without a null distribution: {', '.join(bare)}."] if bare else [])


def between(counts: Iterable[int]) -> str:
    """One number, or the smallest and the largest.

    >>> between([2401]), between([688, 482, 549])
    ('2,401', '482 to 688')
    """
    low, high = min(counts := list(counts)), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _shortened(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, drop_whitespace=True) or [""]
