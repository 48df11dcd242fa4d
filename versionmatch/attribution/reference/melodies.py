"""Tunes made by a seeded procedure: families that share figures, and holders who hold the rights in them.

Nobody's music, so anybody may ship it. A family has a mode, a metre of its own and figures of four notes; a tune joins
figures of its family with two of its own, in phrases that return. So tunes of a family are alike without being
versions, and each has something that no other has. Most tunes of a family belong to one holder, some to another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...errors import InputError

LENGTH = 48
"""Tokens of a tune."""
LOWEST, HIGHEST = -7, 15
"""Pitches in semitones from the tonic."""
DURATIONS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
"""In quarter notes."""
PAD = 0
"""The token of nothing: before the first note, and behind the last of a short tune."""
VOCABULARY = 8 + (HIGHEST - LOWEST + 1) * len(DURATIONS)
"""192: eight tokens that are no notes (one is used), then pitch by pitch each duration."""

MODES = (
    (0, 2, 4, 5, 7, 9, 11),
    (0, 2, 3, 5, 7, 8, 10),
    (0, 2, 3, 5, 7, 9, 10),
    (0, 2, 4, 5, 7, 9, 10),
    (0, 2, 4, 7, 9),
    (0, 3, 5, 7, 10),
)


@dataclass(frozen=True, slots=True)
class Tune:
    """One tune: its id, who holds the rights, its family, and at most ``LENGTH`` tokens."""

    id: str
    holder: str
    family: int
    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Figure:
    """Four steps in degrees of the mode, and four durations by their place in ``DURATIONS``."""

    degrees: tuple[int, ...]
    durations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Family:
    mode: tuple[int, ...]
    figures: tuple[_Figure, ...]
    liking: tuple[float, ...]


def token(semitones: int, duration: int) -> int:
    """The token of a note: semitones from the tonic, and the duration by its place in ``DURATIONS``.

    >>> token(-7, 0), token(15, 7)
    (8, 191)
    """
    if not (LOWEST <= semitones <= HIGHEST and 0 <= duration < len(DURATIONS)):
        raise InputError(
            f"a note lies from {LOWEST} to {HIGHEST} semitones with a duration from 0 to {len(DURATIONS) - 1}; got "
            f"{semitones}, {duration}"
        )
    return 8 + (semitones - LOWEST) * len(DURATIONS) + duration


def nearest_token(semitones: int, beats: float) -> int:
    """The token of a note of any pitch and length: moved by octaves into the range, to the nearest duration.

    >>> nearest_token(24, 1.1) == token(12, 3)
    True
    """
    while semitones > HIGHEST:
        semitones -= 12
    while semitones < LOWEST:
        semitones += 12
    return token(semitones, int(np.abs(np.log2(np.array(DURATIONS)) - np.log2(max(beats, 1e-3))).argmin()))


def note(value: int) -> tuple[int, int]:
    """Semitones and duration of a token of 8 or more; ``note(token(s, d)) == (s, d)``."""
    return (value - 8) // len(DURATIONS) + LOWEST, (value - 8) % len(DURATIONS)


def tunes(
    count: int, *, seed: int = 440, families: int = 16, holders: int = 16, prefix: str = "tune"
) -> tuple[Tune, ...]:
    """``count`` tunes, each different, of families that depend on the seed alone.

    Tune ``i`` depends on seed and ``i`` only: the first hundred are the same whether or not there are more.

    >>> first = tunes(3, seed=7)
    >>> [t.id for t in first], first == tunes(5, seed=7)[:3]
    (['tune-0000', 'tune-0001', 'tune-0002'], True)
    """
    styles = [_family(np.random.default_rng([seed, 1, f])) for f in range(families)]
    return tuple(_tune(styles, i, seed, holders, prefix) for i in range(count))


def _family(rng: np.random.Generator) -> _Family:
    mode = MODES[int(rng.integers(len(MODES)))]
    favourites = rng.choice(6, size=3, replace=False)
    figures = tuple(_figure(rng, favourites) for _ in range(8))
    return _Family(mode, figures, tuple(rng.dirichlet(np.full(8, 1.5))))


def _figure(rng: np.random.Generator, durations: Sequence[int] | npt.NDArray[np.int64]) -> _Figure:
    steps = rng.choice([-3, -2, -1, -1, 0, 1, 1, 2, 4], size=4)
    return _Figure(tuple(int(s) for s in steps), tuple(int(d) for d in rng.choice(durations, size=4)))


def _tune(styles: Sequence[_Family], index: int, seed: int, holders: int, prefix: str) -> Tune:
    rng = np.random.default_rng([seed, 2, index])
    number = int(rng.integers(len(styles)))
    style = styles[number]
    own = tuple(_figure(rng, np.arange(6)) for _ in range(2))
    phrase, other = _phrase(rng, style, own), _phrase(rng, style, own)
    figures = [*phrase, *phrase[:2], *_phrase(rng, style, own)[:1], *other, *phrase]
    degree, tokens = int(rng.integers(0, len(style.mode))), []
    for figure in figures[: LENGTH // 4]:
        for step, duration in zip(figure.degrees, figure.durations, strict=True):
            degree = _near(degree + step + (int(rng.integers(-1, 2)) if rng.random() < 0.12 else 0), style.mode)
            tokens.append(token(_semitones(degree, style.mode), duration))
    holder = number % holders if rng.random() < 0.8 else int(rng.integers(holders))
    return Tune(f"{prefix}-{index:04d}", f"holder-{holder:02d}", number, tuple(tokens[:LENGTH]))


def _phrase(rng: np.random.Generator, style: _Family, own: Sequence[_Figure]) -> list[_Figure]:
    """Four figures: one or two of the tune's own, the others of its family."""
    drawn = [style.figures[int(k)] for k in rng.choice(len(style.figures), size=4, p=style.liking)]
    drawn[int(rng.integers(4))] = own[int(rng.integers(2))]
    return drawn


def _near(degree: int, mode: Sequence[int]) -> int:
    """The degree, an octave lower or higher where it lies out of range."""
    while _semitones(degree, mode) > HIGHEST:
        degree -= len(mode)
    while _semitones(degree, mode) < LOWEST:
        degree += len(mode)
    return degree


def _semitones(degree: int, mode: Sequence[int]) -> int:
    octave, within = divmod(degree, len(mode))
    return 12 * octave + mode[within]


def mash_up(first: Tune, second: Tune, *, id: str) -> Tune:
    """A tune of alternate groups of eight tokens of two, which is a mixture of them and nothing else."""
    parts = [(first, second)[(k // 8) % 2].tokens[k] for k in range(LENGTH)]
    return Tune(id, f"{first.holder}+{second.holder}", first.family, tuple(parts))


def edited(tune: Tune, share: float, *, id: str, seed: int = 440) -> Tune:
    """The tune with that share of its notes replaced by others: 0 is an exact double."""
    rng = np.random.default_rng([seed, 3])
    tokens = np.array(tune.tokens)
    at = rng.choice(len(tokens), size=round(share * len(tokens)), replace=False)
    tokens[at] = rng.integers(8, VOCABULARY, size=at.size)
    return Tune(id, tune.holder, tune.family, tuple(int(t) for t in tokens))


def table(these: Sequence[Tune]) -> npt.NDArray[np.int64]:
    """Their tokens, ``(n, LENGTH)``, padded behind with ``PAD``."""
    rows = np.full((len(these), LENGTH), PAD, np.int64)
    for row, tune in zip(rows, these, strict=True):
        row[: len(tune.tokens)] = tune.tokens
    return rows
