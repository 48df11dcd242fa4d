"""Chord figures as numbers: n chords in a row, in no key, are the digits of one code."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from .chord import QUALITIES
from .progression import Progression

Codes: TypeAlias = npt.NDArray[np.uint32]

CLASSES = ("major", "minor", "diminished", "open")
"""What of a quality a figure keeps: its third, and whether its fifth is diminished; open where there is no third."""

LONGEST = 6
_CLASS_OF = {
    "min": 1,
    "min7": 1,
    "min6": 1,
    "minmaj7": 1,
    "dim": 2,
    "dim7": 2,
    "hdim7": 2,
    "sus4": 3,
    "sus2": 3,
    "5": 3,
}
_OF_QUALITY = np.array([_CLASS_OF.get(quality, 0) for quality in QUALITIES], np.uint32)


def kind_of(n: int) -> str:
    """The name of figures of ``n`` chords, such as ``"chords-4"``; InputError for a length that is not kept."""
    if not 2 <= n <= LONGEST:
        raise InputError(f"figures have 2 to {LONGEST} distinct chords in a row; got {n}")
    return f"chords-{n}"


def reduced(progression: Progression) -> list[tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]]:
    """Roots and classes of each run of chords between silences, equal neighbours merged.

    >>> [(r.tolist(), c.tolist()) for r, c in reduced(Progression.of("C C:7 F N Gm".split()))]
    [([0, 5], [0, 0]), ([7], [1])]
    """
    codes = progression.codes
    silent = np.flatnonzero(codes[:, 1] == len(QUALITIES))
    runs = []
    for run in np.split(codes, silent):
        kept = run[run[:, 1] < len(QUALITIES)]
        if len(kept):
            roots, classes = kept[:, 0].astype(np.uint32), _OF_QUALITY[kept[:, 1]]
            new = np.append(True, (np.diff(roots.astype(np.int64)) != 0) | (np.diff(classes.astype(np.int64)) != 0))
            runs.append((roots[new], classes[new]))
    return runs


def codes_of(progression: Progression, n: int) -> Codes:
    """The code of each figure of ``n`` chords, in order: the first one's class, then interval and class of the next.

    >>> [codes_of(Progression.of(two), 2).tolist() for two in (["C", "F"], ["G:7", "C:maj7"], ["C", "Fm"])]
    [[20], [20], [21]]
    """
    kind_of(n)
    found = [_of_run(roots, classes, n) for roots, classes in reduced(progression)]
    return np.concatenate([np.zeros(0, np.uint32), *found])


def _of_run(roots: npt.NDArray[np.uint32], classes: npt.NDArray[np.uint32], n: int) -> Codes:
    count = max(roots.size - n + 1, 0)
    steps = (roots[1:] + np.uint32(12) - roots[:-1]) % np.uint32(12) * np.uint32(len(CLASSES)) + classes[1:]
    codes = classes[:count].copy()
    for k in range(n - 1):
        codes = codes * np.uint32(12 * len(CLASSES)) + steps[k : k + count]
    return codes
