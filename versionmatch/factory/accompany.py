"""Accompaniments: one style a function, from chords in quarter notes to the notes of a part."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..types import FloatArray
from .lines import Rows
from .work import pitch_classes

Style = Callable[[FloatArray, float, np.random.Generator], Rows]


def _table(rows: Sequence[tuple[float, float, float, float]]) -> Rows:
    return np.array(rows, dtype=np.float32).reshape(-1, 4)


def _voiced(chord: FloatArray, centre: float | np.integer) -> list[float]:
    """The chord's tones, each in the octave nearest the centre, ascending."""
    return sorted(float(c + 12 * round((centre - c) / 12)) for c in pitch_classes(chord[4]))


def _times(chord: FloatArray, step: float) -> FloatArray:
    times: FloatArray = np.arange(chord[0], chord[0] + chord[1] - 0.02, step)
    return times


def pad(chords: FloatArray, bar: float, rng: np.random.Generator) -> Rows:
    """Each chord held."""
    centre = rng.integers(50, 72)
    return _table([(c[0], c[1], p, 0.7) for c in chords for p in _voiced(c, centre)])


def block(chords: FloatArray, bar: float, rng: np.random.Generator) -> Rows:
    """Struck anew on every beat, half note or quaver."""
    centre, step, duty = rng.integers(52, 70), float(rng.choice([0.5, 1, 1, 2])), rng.uniform(0.3, 1)
    return _table([(t, step * duty, p, 0.7) for c in chords for t in _times(c, step) for p in _voiced(c, centre)])


def off_beat(chords: FloatArray, bar: float, rng: np.random.Generator) -> Rows:
    """Short chords between the beats: ska, polka, stride's right hand."""
    centre, step = rng.integers(55, 70), float(rng.choice([1.0, 2.0]))
    return _table(
        [(t + step / 2, step * 0.4, p, 0.75) for c in chords for t in _times(c, step) for p in _voiced(c, centre)]
    )


def arpeggio(chords: FloatArray, bar: float, rng: np.random.Generator) -> Rows:
    """The tones one after another."""
    centre, step = rng.integers(50, 70), float(rng.choice([0.25, 0.5, 0.5, 1 / 3]))
    order = int(rng.integers(0, 3))
    ring = rng.uniform(1, 4)
    rows = []
    for c in chords:
        tones = _voiced(c, centre)
        tones = [*tones, tones[0] + 12] if rng.random() < 0.5 else tones
        cycle = tones if order == 0 else tones[::-1] if order == 1 else tones + tones[-2:0:-1]
        rows += [(t, step * ring, cycle[k % len(cycle)], 0.65) for k, t in enumerate(_times(c, step))]
    return _table(rows)


def strum(chords: FloatArray, bar: float, rng: np.random.Generator) -> Rows:
    """A guitar's pattern of strokes over two bars, one string after another."""
    centre = rng.integers(52, 64)
    pattern = rng.random(16) < rng.uniform(0.35, 0.8)
    pattern[[0, 8]] = True
    rows = []
    for c in chords:
        tones = _voiced(c, centre)
        tones = tones + [p + 12 for p in tones[:2]]
        for t in _times(c, 0.5):
            if pattern[round(float(t) * 2) % 16]:
                accent = 0.85 if t % 1 < 0.1 else 0.6
                rows += [(t + 0.012 * i, 0.6, p, accent) for i, p in enumerate(tones)]
    return _table(rows)


def broken_bass(chords: FloatArray, bar: float, rng: np.random.Generator) -> Rows:
    """A piano's left hand: the root, then the chord above it."""
    centre = rng.integers(52, 64)
    step = 1.0 if bar != 1.5 else 0.5
    rows = []
    for c in chords:
        root = float(c[3] + 12 * round((40 - c[3]) / 12))
        for k, t in enumerate(_times(c, step)):
            if k % (3 if bar in (3.0, 1.5) else 2) == 0:
                rows.append((t, step, root, 0.75))
            else:
                rows += [(t, step * 0.8, p, 0.6) for p in _voiced(c, centre)]
    return _table(rows)


def power(chords: FloatArray, bar: float, rng: np.random.Generator) -> Rows:
    """Roots and fifths in quavers, as distorted guitars play them."""
    step, low = float(rng.choice([0.5, 0.5, 1, 4])), int(rng.integers(38, 46))
    rows = []
    for c in chords:
        root = float(c[2] + 12 * np.ceil((low - c[2]) / 12))
        rows += [(t, step * 0.9, p, 0.8) for t in _times(c, step) for p in (root, root + 7, root + 12)]
    return _table(rows)


def riff(chords: FloatArray, bar: float, rng: np.random.Generator) -> Rows:
    """A short figure over each root, the same throughout: what much rock and funk is made of."""
    grid, low = float(rng.choice([0.5, 0.5, 0.25])), int(rng.integers(36, 52))
    n = int(max(bar, 2.0) / grid) * int(rng.integers(1, 3))
    steps = rng.choice([0, 0, 0, 3, 5, 7, 10, 12, -2], n)
    sounding = rng.random(n) < rng.uniform(0.4, 0.8)
    sounding[0] = True
    rows = []
    for c in chords:
        root = float(c[2] + 12 * np.ceil((low - c[2]) / 12))
        for t in _times(c, grid):
            k = round(float(t) / grid) % n
            if sounding[k]:
                rows.append((t, grid * 0.9, root + float(steps[k]), 0.8))
    return _table(rows)


def drone(chords: FloatArray, bar: float, rng: np.random.Generator) -> Rows:
    """One or two tones held throughout: the commonest root, perhaps its fifth."""
    weights = np.bincount(chords[:, 2].astype(int), weights=chords[:, 1], minlength=12)
    root = float(int(weights.argmax()) + 12 * int(rng.integers(3, 5)))
    end = float(chords[-1, 0] + chords[-1, 1])
    tones = [root, root + 7] if rng.random() < 0.5 else [root]
    return _table([(t, 8.0, p, 0.7) for t in np.arange(0, end, 8.0) for p in tones])


def bass(chords: FloatArray, bar: float, rng: np.random.Generator) -> Rows:
    """A bass line: held, on every beat, root and fifth, octaves, or walking."""
    low, style = int(rng.integers(26, 36)), int(rng.integers(0, 5))
    step = float(rng.choice([0.5, 1, 1, 2]))
    rows = []
    for c in chords:
        root = float(c[3] + 12 * np.ceil((low - c[3]) / 12))
        if style == 0:
            rows.append((c[0], c[1], root, 0.8))
            continue
        for k, t in enumerate(_times(c, step)):
            move = 0.0
            if k % 2 and style == 2:
                move = 7.0
            elif k % 2 and style == 3:
                move = 12.0
            elif k and style == 4:
                move = float(rng.choice([2, 3, 4, 5, 7, 9, 10, -1, -2, 12]))
            rows.append((t, step * 0.9, root + move, 0.8))
    return _table(rows)


STYLES: dict[str, tuple[str, Style]] = {
    "pad": ("pad", pad),
    "block": ("chords", block),
    "off beat": ("chords", off_beat),
    "arpeggio": ("arpeggio", arpeggio),
    "strum": ("strum", strum),
    "broken": ("chords", broken_bass),
    "power": ("power", power),
    "riff": ("riff", riff),
    "drone": ("drone", drone),
}
"""Style → the part's role and what makes its notes."""

KICK, SNARE, RIM, HAT, OPEN_HAT, RIDE, CRASH, TOM = 36, 38, 37, 42, 46, 51, 49, 45


def drums(start: float, end: float, bar: float, rng: np.random.Generator) -> Rows:
    """A kit's pattern of two bars with small changes, a fill at the end of phrases."""
    length = max(bar, 1.5) * (2 if bar >= 2 else 4)
    grid = 0.25 if bar != 1.5 else 0.5
    n = max(1, round(length / grid))
    beat = 1.0 if bar != 1.5 else 1.5
    at = np.arange(n) * grid
    back = (np.round(at / beat).astype(int) % 2 == 1) & (np.abs(at / beat - np.round(at / beat)) < 0.1)
    kick = rng.random(n) < rng.uniform(0.02, 0.2)
    kick[0] = True
    if rng.random() < 0.3:
        kick |= np.abs(at / beat - np.round(at / beat)) < 0.1
    cymbal, every = int(rng.choice([HAT, HAT, RIDE, OPEN_HAT])), float(rng.choice([0.25, 0.5, 0.5, 1.0]))
    snare = int(rng.choice([SNARE, SNARE, RIM]))
    rows = []
    for k in range(int(start / grid), int(end / grid)):
        t, i = k * grid, k % n
        fill = i >= n - 4 and (k // n) % 4 == 3
        if kick[i] or rng.random() < 0.02:
            rows.append((t, 0.1, KICK, rng.uniform(0.7, 1)))
        if back[i] or rng.random() < 0.01:
            rows.append((t, 0.1, snare, rng.uniform(0.6, 1)))
        elif fill and rng.random() < 0.6:
            rows.append((t, 0.1, rng.choice([SNARE, TOM, TOM + 2]), rng.uniform(0.5, 0.9)))
        if abs(t / every - round(t / every)) < 0.05 and rng.random() < 0.95:
            rows.append((t, 0.1, cymbal, rng.uniform(0.3, 0.7)))
        if i == 0 and (k // n) % 8 == 0:
            rows.append((t, 0.1, CRASH, 0.8))
    return _table(rows)
