"""What is measured of one recording: sequences of frames, notes, labelled stretches of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from ..errors import FeatureMismatch, InputError
from .value import DoubleArray, FloatArray, Value, frozen, mapping


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Features(Value):
    """One feature sequence of one recording; time runs along the last axis, frame 0 is at 0 s."""

    kind: str  # what the rows are; only equal kinds can be compared
    values: FloatArray  # (n_features, n_frames), finite
    frame_rate: float  # frames per second
    settings: str = ""  # digest of everything that shaped the values
    facts: Mapping[str, float | str] = field(default_factory=dict)  # such as tuning_cents

    def __post_init__(self) -> None:
        values = frozen(self.values, np.float32)
        if values.ndim != 2:
            raise InputError(f"{self.kind} must have shape (n_features, n_frames); got {values.shape}")
        if not self.frame_rate > 0:
            raise InputError(f"{self.kind} needs a frame rate above 0; got {self.frame_rate}")
        bad = ~np.isfinite(values).all(axis=0)
        if bad.any():
            raise InputError(
                f"{bad.sum()} of {bad.size} {self.kind} frames are not finite; "
                f"the first is at {bad.argmax() / self.frame_rate:.2f} s"
            )
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "facts", mapping(self.facts))

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return int(self.values.shape[1])

    @property
    def times_s(self) -> DoubleArray:
        """Time of each frame's centre, seconds."""
        return np.arange(self.n_frames) / self.frame_rate

    def transposed(self, semitones: int) -> Features:
        """The same twelve-row chroma, ``semitones`` higher."""
        if self.values.shape[0] != 12:
            raise FeatureMismatch(f"only chroma of 12 rows can be rotated; {self.kind} has {self.values.shape[0]}")
        return replace(self, values=np.roll(self.values, semitones, axis=0))

    def between(self, start_s: float, end_s: float) -> Features:
        """The frames from ``start_s`` (included) to ``end_s`` (excluded); frame 0 is then at ``start_s``."""
        low, high = (max(0, round(t * self.frame_rate)) for t in (start_s, end_s))
        return replace(self, values=self.values[:, low:high])

    def check_comparable(self, other: Features) -> None:
        """Raise FeatureMismatch unless kind, rate, rows and settings agree."""
        for what in ("kind", "frame_rate", "settings"):
            mine, theirs = getattr(self, what), getattr(other, what)
            if mine != theirs:
                raise FeatureMismatch(
                    f"{what} differs: {mine!r} against {theirs!r}; extract both with the same settings"
                )
        if self.values.shape[0] != other.values.shape[0]:
            raise FeatureMismatch(f"{self.kind} has {self.values.shape[0]} rows against {other.values.shape[0]}")


@dataclass(frozen=True, eq=False, slots=True)
class Notes(Value):
    """Notes sorted by onset: ``onset_s``, ``duration_s`` (seconds), ``pitch`` (MIDI), ``confidence`` 0…1; ``(n,)``."""

    onset_s: DoubleArray
    duration_s: DoubleArray
    pitch: DoubleArray
    confidence: DoubleArray
    settings: str = ""
    kind: str = "notes"

    def __post_init__(self) -> None:
        columns = [frozen(getattr(self, name), np.float64) for name in ("onset_s", "duration_s", "pitch", "confidence")]
        if any(c.ndim != 1 or c.size != columns[0].size for c in columns):
            raise InputError(f"notes need four columns of one length; got {[c.shape for c in columns]}")
        if not all(np.isfinite(c).all() for c in columns):
            raise InputError("notes must be finite numbers")
        if (np.diff(columns[0]) < 0).any() or (columns[1] <= 0).any():
            raise InputError("notes must be sorted by onset and last longer than 0 s")
        for name, column in zip(("onset_s", "duration_s", "pitch", "confidence"), columns, strict=True):
            object.__setattr__(self, name, column)

    def __len__(self) -> int:
        return int(self.onset_s.size)

    @property
    def monophonic(self) -> bool:
        """No note begins before the one before it has ended (1 ms of grace)."""
        return bool((self.onset_s[1:] >= (self.onset_s + self.duration_s)[:-1] - 1e-3).all())

    def between(self, start_s: float, end_s: float) -> Notes:
        """What sounds from ``start_s`` to ``end_s``, cut there; time 0 is then ``start_s``."""
        keep, onset, duration = _cut(self.onset_s, self.duration_s, start_s, end_s)
        keep &= duration > 0
        return replace(
            self,
            onset_s=onset[keep],
            duration_s=duration[keep],
            pitch=self.pitch[keep],
            confidence=self.confidence[keep],
        )


@dataclass(frozen=True, eq=False, slots=True)
class Annotation(Value):
    """Labelled stretches of time, sorted: beats, chords, keys, sections.

    ``onset_s``, ``duration_s`` (0 for instants), ``confidence`` in [0, 1]: ``(n,)``; ``labels``: n texts.
    """

    kind: str
    onset_s: DoubleArray
    duration_s: DoubleArray
    labels: tuple[str, ...]
    confidence: DoubleArray
    settings: str = ""
    facts: Mapping[str, float | str] = field(default_factory=dict)  # such as tempo_bpm

    def __post_init__(self) -> None:
        columns = [frozen(getattr(self, name), np.float64) for name in ("onset_s", "duration_s", "confidence")]
        if any(c.shape != (len(self.labels),) for c in columns):
            raise InputError(f"{self.kind}: {len(self.labels)} labels with columns of {[c.shape for c in columns]}")
        if (np.diff(columns[0]) < 0).any():
            raise InputError(f"{self.kind} must be sorted by onset")
        for name, column in zip(("onset_s", "duration_s", "confidence"), columns, strict=True):
            object.__setattr__(self, name, column)
        object.__setattr__(self, "labels", tuple(self.labels))
        object.__setattr__(self, "facts", mapping(self.facts))

    def __len__(self) -> int:
        return len(self.labels)

    def between(self, start_s: float, end_s: float) -> Annotation:
        """What lies from ``start_s`` to ``end_s``, stretches cut there; time 0 is then ``start_s``.

        >>> key = Annotation("key", [0.0, 5.0], [5.0, 5.0], ("C major", "G major"), [1.0, 1.0])
        >>> later = key.between(4.0, 8.0)
        >>> later.onset_s.tolist(), later.duration_s.tolist(), later.labels
        ([0.0, 1.0], [1.0, 3.0], ('C major', 'G major'))
        """
        keep, onset, duration = _cut(self.onset_s, self.duration_s, start_s, end_s)
        labels = tuple(label for label, kept in zip(self.labels, keep, strict=True) if kept)
        return replace(
            self, onset_s=onset[keep], duration_s=duration[keep], labels=labels, confidence=self.confidence[keep]
        )


def _cut(
    onset_s: DoubleArray, duration_s: DoubleArray, start_s: float, end_s: float
) -> tuple[npt.NDArray[np.bool_], DoubleArray, DoubleArray]:
    """Which events touch the stretch, and when all begin and how long they last in it; instants stay instants."""
    ends = onset_s + duration_s
    instant = duration_s == 0
    keep = np.where(instant, onset_s >= start_s, ends > start_s) & (onset_s < end_s)
    first = np.clip(onset_s, start_s, end_s)
    return keep, first - start_s, np.maximum(np.minimum(ends, end_s) - first, 0.0)
