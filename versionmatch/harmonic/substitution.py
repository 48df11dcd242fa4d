"""What it is worth when one chord stands where another stood: from the theory of harmony, not from counts."""

from __future__ import annotations

from functools import cache

import numpy as np

from ..types.value import DoubleArray
from .chord import QUALITIES, Chord

FAMILIES = (("maj", "maj6", "maj7", "7"), ("min", "min7", "min6", "minmaj7"), ("dim", "dim7", "hdim7"))
DOMINANTS = ("maj", "7")  # what can lead to a chord a fifth below
SUSPENDED = ("sus4", "sus2", "5")

SAME, VARIANT, SUSPENSION, HALF, PARALLEL = 1.0, 0.9, 0.7, 0.6, 0.3
LEADING, TRITONE, RELATIVE, MEDIANT = 0.5, 0.4, 0.0, -0.3
STRANGER = -1.0
"""Worth of a pair of chords, -1 to 1; see ``worth``."""
SILENCE = -0.5  # no chord against a chord; against no chord it is 0


def worth(x: Chord, y: Chord) -> float:
    """How far one chord stands for another, -1 (a stranger) to 1 (the same).

    The same root: the same triad with another seventh or sixth .9 (annotators differ in little else), a fourth or
    second in place of its third .7, a fifth that is altered .6, the parallel mode .3. Another root: the same tones,
    such as C6 and Am7, .9; a diminished chord for the dominant a third below, .5; the dominant a tritone away .4; the
    relative, which speaks neither for nor against, 0; the mediant with two common tones -.3. Else a stranger: -1, each
    of two tones in common raises it by .2. The same in both orders and all keys.

    >>> [worth(Chord.of("C"), Chord.of(y)) for y in ("C:maj7", "Am", "Cm", "F#")]
    [0.9, 0.0, 0.3, -1.0]
    >>> worth(Chord.of("G:7"), Chord.of("Db:7")), worth(Chord.of("G:7"), Chord.of("B:dim"))
    (0.4, 0.5)
    """
    if not (x.sounds and y.sounds):
        return 0.0 if x.sounds == y.sounds else SILENCE
    if x.root == y.root:
        return _on_one_root(x.quality, y.quality)
    if x.tones == y.tones:
        return VARIANT
    if _leads(x, y) or _leads(y, x):
        return LEADING
    if x.quality == y.quality == "7" and (x.root - y.root) % 12 == 6:
        return TRITONE
    if _relative(x, y) or _relative(y, x):
        return RELATIVE
    common = len(x.tones & y.tones)
    if common >= 2 and (x.root - y.root) % 12 in {3, 4, 8, 9}:
        return MEDIANT
    return STRANGER + 0.2 * min(common, 2)


def _on_one_root(x: str, y: str) -> float:
    if x == y:
        return SAME
    if any(x in family and y in family for family in FAMILIES):
        return VARIANT
    if x in SUSPENDED or y in SUSPENDED:
        return VARIANT if x in SUSPENDED and y in SUSPENDED else SUSPENSION
    small = [quality in FAMILIES[1] or quality in FAMILIES[2] for quality in (x, y)]
    return HALF if small[0] == small[1] else PARALLEL


def _leads(x: Chord, y: Chord) -> bool:
    """A diminished chord on the leading tone for the dominant whose third that is."""
    return x.quality in FAMILIES[2] and y.quality in DOMINANTS and (x.root - y.root) % 12 == 4


def _relative(x: Chord, y: Chord) -> bool:
    """A major chord and the minor chord a minor third below."""
    return x.quality in FAMILIES[0] and y.quality in FAMILIES[1] and (x.root - y.root) % 12 == 3


@cache
def table() -> DoubleArray:
    """``(16, 16, 12, 12)``: qualities (the last: no chord), root of the first less root of the second, key.

    At ``[p, q, d, k]``: what the chord of quality p is worth beside that of q, raised by k, that stands d below.
    """
    n = len(QUALITIES)
    single = np.zeros((n + 1, n + 1, 12))
    single[n, :n], single[:n, n] = SILENCE, SILENCE
    for i, p in enumerate(QUALITIES):
        for j, q in enumerate(QUALITIES):
            for d in range(12):
                single[i, j, d] = worth(Chord(d, p), Chord(0, q))
    made = np.stack([np.roll(single, k, axis=2) for k in range(12)], axis=3)
    made.flags.writeable = False
    return made
