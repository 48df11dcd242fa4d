"""Pairs of pieces that share one passage and nothing else, with the truth about it by construction.

For judging what finds shared passages; no code in common with it. ``a`` is the query, ``b`` the reference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..types import FloatArray
from . import accompany
from .lines import with_velocity
from .piece import Piece, Voice, players
from .work import Work

STYLES = ("pad", "block", "off beat", "arpeggio", "strum", "broken")
"""Accompaniments that let every chord be heard."""

SHORTEST_S, LONGEST_S = 10.0, 40.0
"""How long the shared passage may last, on the quicker side and on the slower."""

WIDEST_TEMPO = 1.25
AROUND_S = (18.0, 45.0)
"""How much other music is heard before and after the passage."""

AT_AN_EDGE = 0.1
"""How often the passage opens, or closes, one of the pieces."""

Cut = tuple[Work, float, float]
"""A work and the quarter notes of it that are played, from and to."""


@dataclass(frozen=True, slots=True)
class Planted:
    """Where the passage is, in seconds, and how its two appearances differ.

    ``transposition`` raises ``b`` to ``a`` (−6…6 semitones), ``tempo_ratio`` is the speed of ``a`` over that of ``b``.
    """

    a_start_s: float
    a_end_s: float
    b_start_s: float
    b_end_s: float
    transposition: int
    tempo_ratio: float


@dataclass(frozen=True, eq=False, slots=True)
class LocaliseTrial:
    """Two pieces and what they share; ``planted`` is None where they share nothing. ``works``: what is heard."""

    id: str
    a: Piece
    b: Piece
    planted: Planted | None
    works: tuple[str, ...]


def localise_trial(
    name: str,
    rng: np.random.Generator,
    hosts: tuple[Work, Work],
    planted: Work | None,
    soundfonts: tuple[str, ...] = (),
) -> LocaliseTrial:
    """Two pieces of different works, both with a passage of ``planted`` in them; without it, where that is None.

    The passage lasts 10 to 40 s in both and carries melody and chords. In ``a`` it is in another key (±6 semitones)
    and tempo (×0.8 to 1.25) than in ``b``, and each piece is played by instruments and an accompaniment of its own,
    the same within and around the passage. InputError where a work is too short.
    """
    ratio = float(np.exp(rng.uniform(-1, 1) * np.log(WIDEST_TEMPO)))
    middle = float(rng.uniform(90, 120))
    tempi = middle * ratio**0.5, middle * ratio**-0.5
    transposition = int(rng.integers(-6, 7))
    keys = (transposition - transposition // 2, -(transposition // 2))
    cut = None if planted is None else _passage(rng, planted, tempi)
    casts: list[dict[str, int]] = []
    made = []
    for side, host, bpm, key in zip("ab", hosts, tempi, keys, strict=True):
        casts.append(players(rng, ("lead", "chords", "bass", "drums"), casts[0] if casts else None))
        font = str(rng.choice(soundfonts)) if soundfonts else ""
        cuts, at = _course(rng, host, cut, bpm)
        shifts = [key if cut is not None and c is cut else 0 for c in cuts]
        made.append((_piece(f"{name}-{side}", rng, cuts, shifts, bpm, casts[-1], font), at))
    (a, a_at), (b, b_at) = made
    works = tuple(w.id for w in (*hosts, planted) if w is not None)
    if cut is None:
        return LocaliseTrial(name, a, b, None, works)
    length = cut[2] - cut[1]
    spans = [(p.seconds(at), p.seconds(at + length)) for p, at in ((a, a_at), (b, b_at))]
    return LocaliseTrial(name, a, b, Planted(*spans[0], *spans[1], transposition, tempi[0] / tempi[1]), works)


def _passage(rng: np.random.Generator, work: Work, tempi: tuple[float, float]) -> Cut:
    """Whole bars of the work that last long enough at the quicker tempo, and not too long at the slower."""
    bar = work.bar if work.bar >= 2 else 2 * work.bar
    least = int(np.ceil(SHORTEST_S * max(tempi) / 60.0 / bar - 1e-9))
    most = min(int(LONGEST_S * min(tempi) / 60.0 / bar + 1e-9), int(work.length / bar))
    if most < least:
        raise InputError(
            f"{work.id} has {work.length:g} quarter notes; a passage of {SHORTEST_S:g} s needs {least * bar:g}"
        )
    n = int(rng.integers(least, most + 1))
    start = int(rng.integers(0, int(work.length / bar) - n + 1)) * bar
    return (work, start, start + n * bar)


def _course(rng: np.random.Generator, host: Work, passage: Cut | None, bpm: float) -> tuple[list[Cut], float]:
    """What is played one after another, and at which quarter note the passage begins."""
    bar = host.bar if host.bar >= 2 else 2 * host.bar
    edge = rng.random()
    n = [max(1, round(float(rng.uniform(*AROUND_S)) * bpm / 60.0 / bar)) * bar for _ in range(2)]
    if passage is not None and edge < AT_AN_EDGE:
        n[int(rng.integers(2))] = 0.0
    if sum(n) > host.length:
        n = [np.floor(v * host.length / sum(n) / bar) * bar for v in n]
    first = (host, 0.0, float(n[0]))
    last = (host, float(n[0]), float(n[0] + n[1]))
    middle = [passage] if passage is not None else []
    return [c for c in (first, *middle, last) if c[2] > c[1]], float(n[0])


def _piece(
    name: str,
    rng: np.random.Generator,
    cuts: list[Cut],
    shifts: list[int],
    bpm: float,
    cast: dict[str, int],
    soundfont: str,
) -> Piece:
    melody, chords, length = joined(cuts, shifts)
    style = str(rng.choice(STYLES))
    bar = cuts[0][0].bar
    parts = {
        "lead": with_velocity(melody, rng),
        "chords": accompany.STYLES[style][1](chords, bar, rng),
        "bass": accompany.bass(chords, bar, rng),
        "drums": accompany.drums(0.0, length, bar, rng),
    }
    voices = tuple(Voice(role, _within(notes, length), cast[role]) for role, notes in parts.items())
    return Piece(name, bpm, length, voices, soundfont, {"style": style})


def joined(cuts: list[Cut], shifts: list[int]) -> tuple[FloatArray, FloatArray, float]:
    """Melody and chords of cuts one after another, each so many semitones higher, and their length together.

    What sounds over the end of a cut is cut there. Chords that begin before a cut go on in it.
    """
    melody: list[FloatArray] = []
    chords: list[FloatArray] = []
    at = 0.0
    for (work, start, end), shift in zip(cuts, shifts, strict=True):
        notes, harmony = excerpt(work.melody, start, end), excerpt(work.chords, start, end, going_on=True)
        notes[:, 2] += shift
        for row in harmony:
            row[2:4] = (row[2:4] + shift) % 12
            row[4] = _turned(int(row[4]), shift)
        for rows, out in ((notes, melody), (harmony, chords)):
            rows[:, 0] += at
            out.append(rows)
        at += end - start
    return np.concatenate(melody), np.concatenate(chords), at


def excerpt(rows: FloatArray, start: float, end: float, *, going_on: bool = False) -> FloatArray:
    """Rows (onset and duration first) that begin in a stretch, from its start on; with ``going_on`` also those held."""
    out = rows.astype(np.float32).copy()
    if going_on:
        held = (out[:, 0] < start) & (out[:, 0] + out[:, 1] > start)
        out[held, 1] -= start - out[held, 0]
        out[held, 0] = start
    out = out[(out[:, 0] >= start) & (out[:, 0] < end - 1e-3)]
    out[:, 1] = np.minimum(out[:, 1], end - out[:, 0])
    out[:, 0] -= start
    return out[out[:, 1] > 1e-3]


def _turned(mask: int, shift: int) -> int:
    turned = mask << (shift % 12)
    return (turned | turned >> 12) & 0xFFF


def _within(notes: FloatArray, length: float) -> FloatArray:
    """The notes of a piece, the last ones cut at its end."""
    out = notes[notes[:, 0] < length - 1e-3].copy()
    out[:, 1] = np.minimum(out[:, 1], length - out[:, 0])
    return out
