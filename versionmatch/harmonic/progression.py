"""A progression: chords in their order, with how long each lasts and, where it is known, when and in which key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..types import Annotation
from ..types.value import DoubleArray, IntArray, Value, frozen
from .chord import QUALITIES, SILENT, Chord
from .key import Key

UNITS = ("beats", "seconds")
LEAST_CHANGES = 4
"""Distinct chord changes below which there is no progression to compare."""


@dataclass(frozen=True, eq=False, slots=True)
class Progression(Value):
    """Chords in their order; equal neighbours are one chord.

    Parameters
    ----------
    chords : sequence of Chord
        As they follow each other; ``Chord.of`` reads labels. Equal neighbours are merged.
    durations : (n,) float64, optional
        How long each lasts, above 0, in ``unit``; 1 each where it is left out.
    times_s : (n, 2) float64, optional
        When each begins and ends in the recording, seconds.
    unit : str
        ``"beats"`` or ``"seconds"``, of the durations.
    key : Key, optional
        The key of the whole.

    Examples
    --------
    >>> verse = Progression.of("C C Am F G:7 | C".replace("|", "").split())
    >>> verse.labels, verse.durations.tolist()
    (('C:maj', 'A:min', 'F:maj', 'G:7', 'C:maj'), [2.0, 1.0, 1.0, 1.0, 1.0])
    """

    chords: tuple[Chord, ...]
    durations: DoubleArray | None = None
    times_s: DoubleArray | None = None
    unit: str = "beats"
    key: Key | None = None

    def __post_init__(self) -> None:
        chords = tuple(self.chords)
        if self.unit not in UNITS:
            raise InputError(f"durations are in {' or '.join(UNITS)}; got {self.unit!r}")
        given = np.ones(len(chords)) if self.durations is None else np.asarray(self.durations, np.float64)
        if given.shape != (len(chords),) or not (np.isfinite(given) & (given > 0)).all():
            raise InputError(f"{len(chords)} chords need as many durations, each above 0; got {given.tolist()[:8]}")
        first = np.array([i for i, chord in enumerate(chords) if i == 0 or chord != chords[i - 1]], dtype=np.intp)
        object.__setattr__(self, "chords", tuple(chords[i] for i in first))
        lengths = np.add.reduceat(given, first) if first.size else given
        object.__setattr__(self, "durations", frozen(lengths, np.float64))
        if self.times_s is not None:
            times = np.asarray(self.times_s, np.float64)
            if times.shape != (len(chords), 2) or (times[:, 1] < times[:, 0]).any() or (np.diff(times[:, 0]) < 0).any():
                raise InputError(f"{len(chords)} chords need times (n, 2), begin and end, sorted; got {times.shape}")
            last = np.append(first[1:], len(chords)) - 1 if first.size else first
            object.__setattr__(self, "times_s", frozen(np.column_stack([times[first, 0], times[last, 1]]), np.float64))

    def __len__(self) -> int:
        return len(self.chords)

    @property
    def labels(self) -> tuple[str, ...]:
        """The chords' names in Harte's syntax."""
        return tuple(chord.label for chord in self.chords)

    @property
    def lengths(self) -> DoubleArray:
        """``(n,)`` durations, in ``unit``."""
        return np.ones(len(self)) if self.durations is None else self.durations

    @property
    def codes(self) -> IntArray:
        """``(n, 2)`` int32: root, and the index of the quality in ``QUALITIES``; no chord is 0 and its length."""
        rows = [(c.root, QUALITIES.index(c.quality)) if c.sounds else (0, len(QUALITIES)) for c in self.chords]
        return np.array(rows, dtype=np.int32).reshape(-1, 2)

    @property
    def changes(self) -> int:
        """How many distinct changes from one chord to the next there are, in no matter which key."""
        pairs = zip(self.chords, self.chords[1:], strict=False)
        return len({((b.root - a.root) % 12, a.quality, b.quality) for a, b in pairs if a.sounds and b.sounds})

    @property
    def comparable(self) -> bool:
        """Whether there is enough of a progression to be compared: ``LEAST_CHANGES`` distinct changes."""
        return self.changes >= LEAST_CHANGES

    def transposed(self, semitones: int) -> Progression:
        """The same, so many semitones higher, with its key.

        >>> Progression.of(["A:min", "N", "E:7"]).transposed(3).labels
        ('C:min', 'N', 'G:7')
        """
        chords = [Chord((c.root + semitones) % 12, c.quality) if c.sounds else c for c in self.chords]
        key = self.key and self.key.transposed(semitones)
        return Progression(tuple(chords), self.durations, self.times_s, self.unit, key)

    @staticmethod
    def of(
        labels: Iterable[str], durations: npt.ArrayLike | None = None, *, key: str | Key | None = None
    ) -> Progression:
        """Of labels as ``Chord.of`` reads them, with durations in beats; ``key`` such as ``G minor``."""
        lengths = None if durations is None else np.asarray(durations, np.float64)
        return Progression(
            tuple(Chord.of(x) for x in labels), lengths, key=Key.of(key) if isinstance(key, str) else key
        )


def progression_of(chords: Annotation, beats: Annotation | None = None, key: Key | None = None) -> Progression:
    """An annotation of chords as a progression; its durations in beats where there are two beats or more.

    Labels that cannot be read count as no chord, as does the time between chords. Beats before the first and after the
    last are counted at the pace of those nearest.

    >>> two = Annotation("chords", [0.0, 2.0], [2.0, 1.0], ("C:maj", "G:7"), [1.0, 1.0])
    >>> progression_of(two).lengths.tolist(), progression_of(two).unit
    ([2.0, 1.0], 'seconds')
    """
    if len(chords) == 0:
        return Progression((), key=key)
    starts, ends, found = _filled(chords)
    times = np.column_stack([starts, ends])
    grid = None if beats is None else _grid(beats.onset_s)
    if grid is None:
        return Progression(tuple(found), ends - starts, times, "seconds", key)
    edges = _in_beats(times, grid)
    return Progression(tuple(found), np.maximum(edges[:, 1] - edges[:, 0], 1e-3), times, "beats", key)


def _filled(chords: Annotation) -> tuple[DoubleArray, DoubleArray, list[Chord]]:
    """Begin, end and chord, without overlaps, silence put between what does not touch."""
    rows: list[tuple[float, float, Chord]] = []
    ends = chords.onset_s + chords.duration_s
    for i, label in enumerate(chords.labels):
        start = float(chords.onset_s[i])
        end = min(float(ends[i]), float(chords.onset_s[i + 1]) if i + 1 < len(chords) else np.inf)
        if rows and start > rows[-1][1] + 0.02:
            rows.append((rows[-1][1], start, SILENT))
        if end > start:
            rows.append((rows[-1][1] if rows else start, end, _tolerant(label)))
    return np.array([r[0] for r in rows]), np.array([r[1] for r in rows]), [r[2] for r in rows]


def _tolerant(label: str) -> Chord:
    try:
        return Chord.of(label)
    except InputError:
        return SILENT


def _grid(onset_s: DoubleArray) -> DoubleArray | None:
    times = np.unique(onset_s)
    return times if times.size >= 2 else None


def _in_beats(times: DoubleArray, grid: DoubleArray) -> DoubleArray:
    """Places in beats, fractions between them; beyond the grid at the pace of its nearest beats."""
    near = min(8, grid.size - 1)
    before, after = (grid[near] - grid[0]) / near, (grid[-1] - grid[-1 - near]) / near
    inside = np.interp(times, grid, np.arange(grid.size))
    early, late = np.minimum(times - grid[0], 0.0) / before, np.maximum(times - grid[-1], 0.0) / after
    placed: DoubleArray = inside + early + late
    return placed


def of_track(track: Mapping[str, Any]) -> Progression:
    """The chords of a recording or score, with its beats and its key as far as the track holds or makes them.

    Empty where there is no harmony to speak of: see ``has_harmony``.
    """
    if not has_harmony(track):
        return Progression(())
    labels: Sequence[str] = track["key"].labels
    return progression_of(track["chords"], track["beats"], Key.of(labels[0]) if labels else None)


def has_harmony(track: Mapping[str, Any]) -> bool:
    """Whether the track has chords of its own: not so a score of one line over which no chords are written.

    What a machine hears as chords in a bare line is its melody once more. Chords that are written, or were given by
    hand, count whatever sounds.
    """
    recording = getattr(track, "recording", None)
    bare = recording is not None and "single_line" in recording.flags
    return not bare or "chords" in getattr(track, "given", ())
