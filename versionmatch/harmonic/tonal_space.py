"""Tonal pitch space: how far chords lie from each other and from their tonic, and progressions as steps in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from ..errors import InputError
from ..types.value import DoubleArray, FloatArray
from .chord import QUALITIES, Chord
from .harmonic_kernels import least_areas
from .key import Key
from .progression import Progression

STEPS = {"beats": 1.0, "seconds": 2.0}
"""Steps a beat, or a second."""
RATIOS = (1.0, 2.0, 0.5)
MOST_STEPS = 4096


def chord_distance(x: Chord | str, y: Chord | str, x_key: Key | str = "C major", y_key: Key | str | None = None) -> int:
    """Lerdahl's distance from one chord in its key to another in its own, δ = i + j + k [1]_.

    i: steps on the circle of fifths between the two keys' scales; j: steps of a fifth within the scale between the
    roots, the shorter way round its seven degrees; k: how many tones of ``y``'s basic space (root; root and fifth;
    chord; scale) are not in ``x``'s, level by level. In minor the scale is the natural one. ``y_key`` is ``x_key``
    where it is left out. A root outside ``y``'s scale is not in the theory: j is then counted on the circle of twelve
    fifths. No chord: InputError.

    >>> [chord_distance("C", y) for y in ("C", "G", "F", "Am", "Em", "Dm", "B:dim")]
    [0, 5, 5, 7, 7, 8, 8]
    >>> chord_distance("C", "G", "C major", "G major"), chord_distance("C", "Cm", "C major", "C minor")
    (7, 7)

    References
    ----------
    .. [1] Lerdahl, Tonal Pitch Space, 2001, ch. 2.
    """
    one, other = (Chord.of(c) if isinstance(c, str) else c for c in (x, y))
    here = Key.of(x_key) if isinstance(x_key, str) else x_key
    there = here if y_key is None else Key.of(y_key) if isinstance(y_key, str) else y_key
    if not (one.sounds and other.sounds):
        raise InputError("no chord has no place in tonal space; leave it out, or keep the chord before it")
    regions = (here.signature - there.signature) % 12
    k = sum(len(b - a) for a, b in zip(_basic_space(one, here), _basic_space(other, there), strict=True))
    return min(regions, 12 - regions) + _fifths(one.root, other.root, there) + k


def _basic_space(chord: Chord, key: Key) -> tuple[frozenset[int], ...]:
    """Levels a to d: root, root and fifth, chord, scale; a chord's tones outside the scale are added to it."""
    fifth = next((chord.root + step) % 12 for step in (7, 6, 8) if (chord.root + step) % 12 in chord.tones)
    return (
        frozenset({chord.root}),
        frozenset({chord.root, fifth}),
        chord.tones,
        frozenset(key.scale) | chord.tones,
    )


def _fifths(x: int, y: int, key: Key) -> int:
    if x in key.scale and y in key.scale:
        steps = 2 * (key.scale.index(y) - key.scale.index(x)) % 7  # a fifth is four degrees, and 4 · 2 = 1 modulo 7
        return min(steps, 7 - steps)
    steps = 7 * (y - x) % 12
    return min(steps, 12 - steps)


@cache
def _from_tonic(minor: bool) -> DoubleArray:
    """``(12, 15)``: the distance of each chord from the tonic triad, by root above the tonic and quality."""
    key = Key(0, minor)
    tonic = Chord(0, "min" if minor else "maj")
    made = np.array([[chord_distance(tonic, Chord(r, q), key) for q in QUALITIES] for r in range(12)], np.float64)
    made.flags.writeable = False
    return made


def from_tonic(progression: Progression, key: Key) -> DoubleArray:
    """``(n,)``: how far each chord lies from the key's tonic triad; no chord keeps the place of the one before, else of
    the first.

    >>> from_tonic(Progression.of("C F G C".split()), Key(0)).tolist()
    [0.0, 5.0, 5.0, 0.0]
    """
    places: DoubleArray = _places(progression, [key])[0]
    return places


def _places(progression: Progression, keys: Sequence[Key]) -> DoubleArray:
    """``(len(keys), n)``: how far each chord lies from each key's tonic."""
    codes = progression.codes
    sounding = codes[:, 1] < len(QUALITIES)
    quality = np.where(sounding, codes[:, 1], 0)
    last = np.maximum.accumulate(np.where(sounding, np.arange(len(codes)), sounding.argmax()))
    tables = np.stack([_from_tonic(key.minor) for key in keys])
    tonics = np.array([key.tonic for key in keys])
    roots = (codes[:, 0] - tonics[:, None]) % 12
    places: DoubleArray = tables[np.arange(len(keys))[:, None], roots, quality][:, last]
    return places


def tonal_centre(progression: Progression) -> Key:
    """The key to whose tonic the chords lie nearest on average, by their durations; ties: major, the lowest tonic.

    >>> tonal_centre(Progression.of("A:min D:min E:7 A:min".split())).label
    'A minor'
    """
    keys = [Key(tonic, minor) for minor in (False, True) for tonic in range(12)]
    held = progression.lengths
    return keys[int(np.round(_places(progression, keys) @ held, 6).argmin())]


@dataclass(frozen=True, slots=True)
class StepDistance:
    """How far two progressions lie apart in tonal space.

    ``distance``: the mean difference of their distances from the tonic, 0 or more; ``transposition`` (0 to 11)
    raises the second to the first; ``shift``: where in the longer the shorter begins, and ``ratio``: how many steps of
    the second one step of the first is.
    """

    distance: float
    transposition: int
    shift: float
    ratio: float


def step_distance(a: Progression, b: Progression, *, ratios: tuple[float, ...] = (1.0,)) -> StepDistance:
    """The tonal pitch step distance [1]_: the least area between two step functions, over the shorter one's length.

    Each progression is the function of time that gives how far the chord lies from the tonic triad, in steps of a beat
    (half a second where there are no beats). The shorter is laid over the longer at every circular shift, in all
    twelve keys: the tonic of one side is its ``tonal_centre``, that of the other is tried on every step in the same
    mode; then the same from the other side, and the lesser counts. Needs no key. ``ratios``: the
    tempi of ``b`` that are tried. InputError where one is empty.

    >>> verse = Progression.of("C Am F G".split(), [4, 4, 4, 4])
    >>> step_distance(verse, verse.transposed(3))
    StepDistance(distance=0.0, transposition=9, shift=0.0, ratio=1.0)

    References
    ----------
    .. [1] De Haas, Wiering, Veltkamp, "A geometrical distance measure for determining the similarity of musical
       harmony", International Journal of Multimedia Information Retrieval 2, 2013.
    """
    if not (any(c.sounds for c in a.chords) and any(c.sounds for c in b.chords)):
        raise InputError("a progression without chords has no place in tonal space; compare two that have chords")
    longest = max(float(p.lengths.sum()) * STEPS[p.unit] for p in (a, b)) * max(1.0, *ratios)
    rate = min(1.0, MOST_STEPS / longest)
    if len(ratios) > 1:  # which tempo, at half the density
        ratios = (min((_nearest(a, b, ratio, rate / 2) for ratio in ratios), key=lambda one: one.distance).ratio,)
    return _nearest(a, b, ratios[0], rate)


def _nearest(a: Progression, b: Progression, ratio: float, rate: float) -> StepDistance:
    """The least of both sides' centres at one tempo."""
    here, there = tonal_centre(a), tonal_centre(b)
    x, y = ([home.transposed(-k) for k in range(12)] for home in (here, there))
    best = StepDistance(float("inf"), 0, 0.0, ratio)
    best = _nearer(best, _steps(a, [here], rate), _steps(b, x, rate * ratio))
    return _nearer(best, _steps(a, y[:1] + y[:0:-1], rate), _steps(b, [there], rate * ratio))


def _nearer(best: StepDistance, f: FloatArray, g: FloatArray) -> StepDistance:
    """One function against the twelve of the other side, if that is nearer than the best so far."""
    sides = (f, g) if f.shape[1] <= g.shape[1] else (g, f)
    mean, key, shift = least_areas(*sides, best.distance)
    return best if key < 0 else StepDistance(float(mean), int(key), float(shift), best.ratio)


def _steps(progression: Progression, keys: list[Key], rate: float) -> FloatArray:
    """``(len(keys), n)`` float32: the step functions, sampled ``rate`` times as densely as a step a beat."""
    ends = np.cumsum(progression.lengths) * STEPS[progression.unit] * rate
    n = max(1, round(float(ends[-1])))
    which = np.minimum(np.searchsorted(ends, np.arange(n) + 0.5, side="right"), len(progression) - 1)
    return np.ascontiguousarray(_places(progression, keys)[:, which], dtype=np.float32)
