"""A piece and the same piece with exactly one element changed: its melody, its harmony, its rhythm, or only its sound.

For judging what tells the elements apart; no code in common with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..errors import InputError
from ..types import FloatArray
from .composer import TRIADS, chord_row, scale_of, tune_over
from .piece import Piece, Voice, players
from .trials import WIDEST_TEMPO, joined
from .work import Work, chord_mask, pitch_classes

CHANGES = ("melody", "harmony", "rhythm", "timbre")
"""What can be changed; ``timbre`` changes no element of the music."""

LONGEST = 128.0  # quarter notes that are played
UNLIKE = 0.4  # a new melody has at most that share of its notes on the old pitch classes
TRIES = 50

Rows = FloatArray


@dataclass(frozen=True, eq=False, slots=True)
class Setting:
    """Melody ``(n, 3)`` and chords ``(m, 5)`` in quarter notes, and the places of strokes in each part's pattern.

    ``strokes``: for each length of a chord in whole quarters, where in it the chord is struck, and the bass; ``drums``
    rows of a bar: onset, drum, velocity.
    """

    melody: FloatArray
    chords: FloatArray
    length: float
    bar: float
    strokes: dict[int, tuple[float, ...]]
    bass: dict[int, tuple[float, ...]]
    drums: tuple[tuple[float, int, float], ...]


@dataclass(frozen=True, eq=False, slots=True)
class ExplainTrial:
    """Two pieces, and what was changed from ``a`` to ``b``: one of ``CHANGES``."""

    id: str
    a: Piece
    b: Piece
    changed: str
    works: tuple[str, ...]


def explain_trial(
    name: str,
    rng: np.random.Generator,
    work: Work,
    change: str,
    soundfonts: tuple[str, ...] = (),
    *,
    disguised: bool = False,
) -> ExplainTrial:
    """The work as a piece, and again with one thing changed, in the same key and tempo.

    ``melody``: other pitches over the same chords, every onset and length kept. ``harmony``: other chords under the
    same melody, struck where the old ones were. ``rhythm``: notes of melody, chords and bass have other onsets and
    lengths in the same order, each in its bar, and the drums another pattern. ``timbre``: other instruments (and,
    where there are several, another soundfont). ``disguised``: whatever was changed, ``b`` is also played by other
    instruments, up to six semitones higher or lower, at 0.8 to 1.25 times the tempo, as versions are. InputError for
    any other change, or a work without chords.
    """
    if change not in CHANGES:
        raise InputError(f"{change!r} is no change; there are: {', '.join(CHANGES)}")
    if len(work.chords) == 0:
        raise InputError(f"{work.id} has no chords, so that they cannot be changed or kept; leave it out")
    setting = setting_of(work, rng)
    cast = players(rng, ("lead", "chords", "bass", "drums"))
    font = str(rng.choice(soundfonts)) if soundfonts else ""
    bpm = float(np.clip(work.bpm, 70, 150))
    other, other_cast, other_font = setting, cast, font
    if change != "timbre":
        other = EDITS[change](setting, rng, work)
    if change == "timbre" or disguised:
        other_cast = players(rng, tuple(cast), avoid=cast)
        other_font = str(rng.choice([f for f in soundfonts if f != font] or [font]))
    quicker = 1.0
    if disguised:
        other = raised(other, int(rng.integers(-6, 7)))
        quicker = float(np.exp(rng.uniform(-1, 1) * np.log(WIDEST_TEMPO)))
    a = played(f"{name}-a", setting, bpm, cast, font)
    b = played(f"{name}-b", other, bpm * quicker, other_cast, other_font)
    return ExplainTrial(name, a, b, change, (work.id,))


def setting_of(work: Work, rng: np.random.Generator) -> Setting:
    """The work's opening with patterns of its own, chords cut at the bars' lines so that none is longer than a bar."""
    bar = work.bar if work.bar >= 2 else 2 * work.bar
    length = float(np.floor(min(work.length, LONGEST) / bar) * bar)
    melody, chords, _ = joined([(work, 0.0, length)], [0])
    chords = _by_bar(chords, bar)
    lengths = sorted({max(1, round(float(d))) for d in chords[:, 1]})
    strokes = {n: tuple(float(i) for i in range(n)) for n in lengths}
    bass: dict[int, tuple[float, ...]] = {n: (0.0,) if n < 2 else (0.0, float(n // 2)) for n in lengths}
    return Setting(melody, chords, length, bar, strokes, bass, _beat(rng, bar, straight=True))


def raised(setting: Setting, semitones: int) -> Setting:
    """The same, so many semitones higher."""
    melody, chords = setting.melody.copy(), setting.chords.copy()
    melody[:, 2] += semitones
    chords[:, 2:4] = (chords[:, 2:4] + semitones) % 12
    chords[:, 4] = [chord_mask(c + semitones for c in pitch_classes(mask)) for mask in chords[:, 4].tolist()]
    return replace(setting, melody=melody, chords=chords)


def new_melody(setting: Setting, rng: np.random.Generator, work: Work) -> Setting:
    """Other pitches at the same times."""
    old, scale = setting.melody, scale_of(work)
    for _ in range(TRIES):
        drawn = tune_over(rng, old[:, 0].astype(np.float64), setting.chords, scale, start=float(np.median(old[:, 2])))
        if np.mean((drawn - old[:, 2]) % 12 == 0) <= UNLIKE:
            break
    notes = old.copy()
    notes[:, 2] = drawn
    return replace(setting, melody=notes)


def new_harmony(setting: Setting, rng: np.random.Generator, work: Work) -> Setting:
    """For each chord another triad, one that holds the note of the melody that sounds longest over it.

    The same chord under the same note becomes the same other one, so that what came back comes back.
    """
    known: dict[tuple[int, int], tuple[float, ...]] = {}
    rows = []
    for chord in setting.chords:
        top = _longest_note(setting.melody, chord)
        key = (int(chord[4]), top)
        if key not in known:
            known[key] = _other_triad(rng, int(chord[4]), top)
        rows.append((chord[0], chord[1], *known[key]))
    return replace(setting, chords=np.array(rows, np.float32))


def new_rhythm(setting: Setting, rng: np.random.Generator, work: Work) -> Setting:
    """The same pitches in the same order at other times of their bars; bars with one rhythm get one new rhythm."""
    melody = _redrawn(setting.melody, setting.bar, rng)
    strokes = {n: _other_strokes(rng, n, places) for n, places in setting.strokes.items()}
    bass = {n: _other_strokes(rng, n, places) for n, places in setting.bass.items()}
    drums = setting.drums
    while [d[:2] for d in drums] == [d[:2] for d in setting.drums]:
        drums = _beat(rng, setting.bar, straight=False)
    return replace(setting, melody=melody, strokes=strokes, bass=bass, drums=drums)


EDITS: dict[str, Callable[[Setting, np.random.Generator, Work], Setting]] = {
    "melody": new_melody,
    "harmony": new_harmony,
    "rhythm": new_rhythm,
}
"""Change → what makes it; each leaves the other elements as they are."""


def played(name: str, setting: Setting, bpm: float, cast: dict[str, int], soundfont: str) -> Piece:
    """The setting as a piece: melody, chords struck by their pattern, bass, drums."""
    chords, bass = [], []
    for onset, duration, _, low, mask in setting.chords.tolist():
        n = max(1, round(duration))
        tones = sorted(c + 12 * round((57 - c) / 12) for c in pitch_classes(mask))
        for at, length in _lasting(setting.strokes[n], duration):
            chords += [(onset + at, 0.9 * length, float(p), 0.65) for p in tones]
        root = low + 12 * np.ceil((30 - low) / 12)
        bass += [(onset + at, 0.9 * length, float(root), 0.8) for at, length in _lasting(setting.bass[n], duration)]
    bars = np.arange(0.0, setting.length - 1e-3, setting.bar)
    drums = [(bar + at, 0.1, float(drum), loud) for bar in bars for at, drum, loud in setting.drums]
    lead = np.column_stack([setting.melody, np.full(len(setting.melody), 0.8)])
    parts = {"lead": lead, "chords": chords, "bass": bass, "drums": drums}
    voices = tuple(Voice(role, np.array(rows, np.float32), cast[role]) for role, rows in parts.items())
    return Piece(name, bpm, setting.length, voices, soundfont)


def _lasting(places: tuple[float, ...], duration: float) -> list[tuple[float, float]]:
    """Where in a chord it is struck, and how long until the next stroke; a pattern is stretched to the chord."""
    stretch = duration / max(1, round(duration))
    starts = [place * stretch for place in places]
    return [(at, end - at) for at, end in zip(starts, [*starts[1:], duration], strict=True)]


def _by_bar(chords: FloatArray, bar: float) -> FloatArray:
    rows = []
    for onset, duration, *rest in chords.tolist():
        at, end = onset, onset + duration
        while at < end - 1e-3:
            stop = min(end, (np.floor(at / bar + 1e-6) + 1) * bar)
            rows.append((at, stop - at, *rest))
            at = stop
    return np.array(rows, np.float32)


def _longest_note(melody: FloatArray, chord: FloatArray) -> int:
    """The pitch class that sounds longest while the chord does; -1 where none does."""
    start = np.maximum(melody[:, 0], chord[0])
    heard = np.minimum(melody[:, 0] + melody[:, 1], chord[0] + chord[1]) - start
    if not (heard > 0).any():
        return -1
    weight = np.zeros(12)
    np.add.at(weight, melody[:, 2].astype(int) % 12, np.maximum(heard, 0.0))
    return int(weight.argmax())


def _other_triad(rng: np.random.Generator, mask: int, top: int) -> tuple[float, ...]:
    """Root, bass and mask of a triad that holds ``top`` and has at most one tone of the old chord."""
    old, found = set(pitch_classes(mask)), []
    for root in range(12):
        for tones in TRIADS.values():
            new = {(root + t) % 12 for t in tones}
            if (top < 0 or top in new) and len(new & old) <= 1:
                found.append(chord_row(0.0, 0.0, root, tones)[2:])
    return found[int(rng.integers(len(found)))]


def _redrawn(melody: FloatArray, bar: float, rng: np.random.Generator) -> FloatArray:
    """Each bar's notes at other places of the bar, each lasting until the next one."""
    known: dict[tuple[float, ...], tuple[float, ...]] = {}
    out = melody.copy()
    which = np.floor(melody[:, 0] / bar + 1e-4).astype(int)
    for number in np.unique(which):
        own = np.flatnonzero(which == number)
        places = tuple(np.round(melody[own, 0] - number * bar, 3).tolist())
        if places not in known:
            known[places] = _other_places(rng, bar, places)
        out[own, 0] = number * bar + np.array(known[places])
        out[own, 1] = np.diff([*known[places], bar])
    return out


def _other_places(rng: np.random.Generator, length: float, old: tuple[float, ...]) -> tuple[float, ...]:
    """As many places on a grid of quavers (finer where they are many), no more than half of them the old ones."""
    step = 0.5
    while len(old) > 0.75 * length / step:
        step /= 2
    grid = np.arange(0.0, length - 1e-6, step)
    best: tuple[float, ...] = ()
    fewest = len(old) + 1
    for _ in range(TRIES):
        drawn = tuple(float(v) for v in np.sort(rng.choice(grid, len(old), replace=False)))
        same = sum(min(abs(d - o) for o in old) < 0.1 for d in drawn)
        if same < fewest:
            best, fewest = drawn, same
        if fewest <= len(old) // 2:
            break
    return best


def _other_strokes(rng: np.random.Generator, n: int, old: tuple[float, ...]) -> tuple[float, ...]:
    """The first stroke stays, so that the harmony changes when it did; the others move."""
    if len(old) == 1:
        return old
    later = _other_places(rng, n - 0.5, tuple(place - 0.5 for place in old[1:]))
    return (0.0, *(place + 0.5 for place in later))


def _beat(rng: np.random.Generator, bar: float, *, straight: bool) -> tuple[tuple[float, int, float], ...]:
    """A bar of drums: on the beats with an even cymbal, or off them with a broken one."""
    n = max(2, int(bar))
    if straight:
        kicks, snares = np.arange(0, n, 2.0), np.arange(1, n, 2.0)
        cymbal = np.arange(0, bar, float(rng.choice([0.5, 1.0])))
    else:
        grid = np.arange(0, bar, 0.25)
        kicks, snares = (np.sort(rng.choice(grid[grid % 1 != 0], 2, replace=False)) for _ in range(2))
        cymbal = np.sort(rng.choice(grid, len(grid) // 3, replace=False))
    rows = [(float(t), 36, 0.9) for t in kicks] + [(float(t), 38, 0.8) for t in snares]
    return tuple(sorted(rows + [(float(t), 42, 0.5) for t in cymbal]))
