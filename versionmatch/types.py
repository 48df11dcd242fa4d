"""The values that travel through the package: frozen, checked once on construction, then trusted.

Arrays in them are read-only. Times are seconds (float64) everywhere; pitches are MIDI numbers.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .errors import FeatureMismatch, InputError
from .plugins import find

FloatArray: TypeAlias = npt.NDArray[np.float32]
DoubleArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int32]

RELATIONS = ("same recording", "altered recording", "version", "related passage", "unrelated", "undecided")
"""What two recordings can be to each other; ``undecided`` where the sound allows no statement."""

FLAGS = (
    "low_information",
    "silence",
    "tone",
    "too_short",
    "dc_only",
    "clipped",
    "non_finite",
    "truncated",
    "dc_offset",
)
"""What may be remarkable about a recording's sound; see ``Recording.flags``."""


def _frozen(values: npt.ArrayLike, dtype: type[np.generic]) -> npt.NDArray[Any]:
    if isinstance(values, np.ndarray) and values.dtype == dtype and _is_frozen(values):
        return values
    array = np.array(values, dtype=dtype, order="C")
    array.flags.writeable = False
    return array


def _is_frozen(array: npt.NDArray[Any]) -> bool:
    """Whether nobody can write to it: read-only, contiguous, and no view of anything."""
    return array.flags.owndata and array.flags.c_contiguous and not array.flags.writeable


def _let_go(array: npt.NDArray[Any]) -> None:
    """Tell the system that the pages of a file-backed array need not stay in memory; they can be read again."""
    owner: object = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    if isinstance(owner, memoryview):
        owner = owner.obj
    if isinstance(owner, mmap.mmap) and hasattr(owner, "madvise"):
        owner.madvise(mmap.MADV_DONTNEED)


def _mapping(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(values))


class _Value:
    """A value is sent to another process as what it was made from, and checked and frozen again there."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        named = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
        plain = {k: dict(v) if isinstance(v, MappingProxyType) else v for k, v in named.items()}
        return _remade, (type(self), plain)


def _remade(kind: type[Any], values: dict[str, Any]) -> Any:
    return kind(**values)


@dataclass(frozen=True, eq=False, slots=True)
class Audio:
    """Mono sound: ``samples (n,) float32``, finite, not empty. Transient, never stored.

    Long recordings are backed by a temporary file instead of memory: read them in ``blocks``.
    """

    samples: FloatArray
    sr: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 1 or self.samples.dtype != np.float32:
            raise InputError(
                f"samples must be mono float32 of shape (n,); got {self.samples.dtype} {self.samples.shape}"
            )
        if self.samples.size == 0:
            raise InputError("the recording holds no samples at all")
        if self.sr <= 0:
            raise InputError(f"the sample rate must be above 0; got {self.sr}")

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return float(self.samples.size / self.sr)

    def blocks(self, length: int, *, halo: int = 0) -> Iterator[tuple[int, FloatArray]]:
        """``(start, samples)`` of consecutive blocks, each widened by ``halo`` samples either side where there are any.

        ``start`` is the index of the block's first own sample, without the halo. The arrays are
        copies in memory, so that a file-backed recording is never loaded whole.
        """
        for start in range(0, self.samples.size, length):
            low, high = max(0, start - halo), min(self.samples.size, start + length + halo)
            yield start, self.piece(low, high)

    def piece(self, low: int, high: int) -> FloatArray:
        """A copy of ``samples[low:high]``; of a file-backed recording, nothing else stays in memory."""
        copy = np.array(self.samples[low:high], dtype=np.float32)
        _let_go(self.samples)
        return copy


@dataclass(frozen=True, slots=True)
class Recording:
    """One fixed sound: who it is, not what it sounds like.

    ``id`` is the sha256 of the decoded PCM, so it depends neither on path nor on tags;
    ``flags`` are words of ``FLAGS`` that qualify what can be said of it.
    """

    id: str
    source: str
    duration_s: float
    title: str | None = None
    artist: str | None = None
    isrc: str | None = None
    work_id: str | None = None
    sr: int = 0
    channels: int = 0
    codec: str = ""
    flags: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What to call it in a sentence: its title, else its file name."""
        return self.title or Path(self.source).name or self.id[:12]

    @property
    def low_information(self) -> bool:
        """Silence, tones and too-short sound allow no confident statement."""
        return "low_information" in self.flags


@dataclass(frozen=True, eq=False, slots=True)
class Features(_Value):
    """One feature sequence of one recording; time runs along the last axis, frame 0 is at 0 s."""

    kind: str  # what the rows are; only equal kinds can be compared
    values: FloatArray  # (n_features, n_frames), finite
    frame_rate: float  # frames per second
    settings: str = ""  # digest of everything that shaped the values
    facts: Mapping[str, float | str] = field(default_factory=dict)  # such as tuning_cents

    def __post_init__(self) -> None:
        values = _frozen(self.values, np.float32)
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
        object.__setattr__(self, "facts", _mapping(self.facts))

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
class Notes(_Value):
    """Notes sorted by onset: ``onset_s``, ``duration_s`` (seconds), ``pitch`` (MIDI), ``confidence`` 0…1; ``(n,)``."""

    onset_s: DoubleArray
    duration_s: DoubleArray
    pitch: DoubleArray
    confidence: DoubleArray
    settings: str = ""
    kind: str = "notes"

    def __post_init__(self) -> None:
        columns = [
            _frozen(getattr(self, name), np.float64) for name in ("onset_s", "duration_s", "pitch", "confidence")
        ]
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


@dataclass(frozen=True, eq=False, slots=True)
class Annotation(_Value):
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
        columns = [_frozen(getattr(self, name), np.float64) for name in ("onset_s", "duration_s", "confidence")]
        if any(c.shape != (len(self.labels),) for c in columns):
            raise InputError(f"{self.kind}: {len(self.labels)} labels with columns of {[c.shape for c in columns]}")
        if (np.diff(columns[0]) < 0).any():
            raise InputError(f"{self.kind} must be sorted by onset")
        for name, column in zip(("onset_s", "duration_s", "confidence"), columns, strict=True):
            object.__setattr__(self, name, column)
        object.__setattr__(self, "labels", tuple(self.labels))
        object.__setattr__(self, "facts", _mapping(self.facts))

    def __len__(self) -> int:
        return len(self.labels)


Feature: TypeAlias = Features | Notes | Annotation


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the query and the stretch of the reference that answers it, seconds."""

    query_start_s: float
    query_end_s: float
    reference_start_s: float
    reference_end_s: float

    def __post_init__(self) -> None:
        if not (0 <= self.query_start_s <= self.query_end_s and 0 <= self.reference_start_s <= self.reference_end_s):
            raise InputError(f"a span must start at 0 s or later and end after it starts; got {self}")

    @property
    def query_duration_s(self) -> float:
        """Length on the query's side."""
        return self.query_end_s - self.query_start_s

    @property
    def reference_duration_s(self) -> float:
        """Length on the reference's side."""
        return self.reference_end_s - self.reference_start_s


@dataclass(frozen=True, eq=False, slots=True)
class Alignment(_Value):
    """A monotone path through two frame sequences: ``path (n_steps, 2) int32``, rows (query, reference), forward."""

    path: IntArray
    cost: float  # mean per step, in the cost's own unit
    query_rate: float  # frames per second
    reference_rate: float

    def __post_init__(self) -> None:
        path = _frozen(self.path, np.int32)
        if path.ndim != 2 or path.shape[1] != 2 or path.shape[0] == 0:
            raise InputError(f"a path must have shape (n_steps ≥ 1, 2); got {path.shape}")
        if (path < 0).any() or (np.diff(path, axis=0) < 0).any():
            raise InputError("a path must run forward in both recordings, from frame 0 on")
        object.__setattr__(self, "path", path)

    @property
    def times_s(self) -> DoubleArray:
        """The path in seconds, ``(n_steps, 2)``."""
        times: DoubleArray = self.path / np.array([self.query_rate, self.reference_rate])
        return times

    @property
    def span(self) -> Span:
        """First and last point of the path."""
        (q0, r0), (q1, r1) = self.times_s[0], self.times_s[-1]
        return Span(float(q0), float(q1), float(r0), float(r1))


@dataclass(frozen=True, eq=False, slots=True)
class Passage(_Value):
    """A stretch that both recordings share, with its path in seconds.

    ``path_s (n, 2)``: (query, reference) times, forward; ``transposition`` raises the reference to the
    query; ``tempo_ratio`` is the query's speed over the reference's (above 1: the query is faster);
    ``similarity`` in [0, 1] is the mean likeness along the path; ``elements`` name the cues that found it.
    """

    span: Span
    path_s: DoubleArray
    elements: tuple[str, ...]
    similarity: float
    transposition: int
    tempo_ratio: float
    sentence: str = ""

    def __post_init__(self) -> None:
        path = _frozen(self.path_s, np.float64)
        if path.ndim != 2 or path.shape[1] != 2 or path.shape[0] < 2 or (np.diff(path, axis=0) < 0).any():
            raise InputError(f"a passage's path must be (n ≥ 2, 2) seconds that run forward; got {path.shape}")
        object.__setattr__(self, "path_s", path)


@dataclass(frozen=True, eq=False, slots=True)
class Null(_Value):
    """What a raw value looks like where nothing is shared: unrelated pairs of a named corpus."""

    corpus: str
    n_pairs: int
    quantiles: DoubleArray  # (n,), ascending raw values at evenly spaced probabilities 0…1
    provenance: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "quantiles", _frozen(self.quantiles, np.float64))

    def percentile(self, raw: float) -> float:
        """Share of unrelated pairs below ``raw``, in per cent; what many of them have alike is not below itself."""
        at = int(np.searchsorted(self.quantiles, raw, side="left"))
        if at in {0, self.quantiles.size}:
            return 100.0 if at else 0.0
        low, high = self.quantiles[at - 1], self.quantiles[at]
        return float(100.0 * (at - 1 + (raw - low) / (high - low)) / (self.quantiles.size - 1))


@dataclass(frozen=True, eq=False, slots=True)
class Evidence(_Value):
    """What one cue found: the raw value in its own unit, where, and beside which null.

    ``score`` (0…1, high = more alike) and ``p_value`` are set only by calibration; ``null`` is None
    where the value has none, and every surface then says so.
    """

    cue: str
    raw: float
    unit: str
    spans: tuple[Span, ...] = ()
    alignment: Alignment | None = None
    transposition: int = 0
    p_value: float | None = None
    score: float | None = None
    null: Null | None = None
    notes: tuple[str, ...] = ()
    details: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not np.isfinite(self.raw):
            raise InputError(f"the {self.cue} cue gave {self.raw}; a raw value must be finite")
        object.__setattr__(self, "details", _mapping(self.details))


@dataclass(frozen=True, slots=True)
class Manifest:
    """Enough to do it again: versions, settings and the inputs' digests. No times, no paths of machines."""

    job: str
    versions: Mapping[str, str]
    params: Mapping[str, Any]
    params_digest: str
    inputs: Mapping[str, str]
    seed: int | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Match:
    """What two recordings have in common, decomposed: relation, evidence by element, passages, differences.

    ``transposition`` raises the reference to the query's key (-5…+6 semitones); ``tempo_ratio`` is the
    query's speed over the reference's. ``probability`` is that of being versions of one work, None where
    the sound allows no statement. ``query_track`` and ``reference_track`` hand out the features that were
    compared, so that any surface can draw them.
    """

    query: Recording
    reference: Recording
    relation: str
    probability: float | None
    evidence: tuple[Evidence, ...]
    transposition: int
    tempo_ratio: float
    passages: tuple[Passage, ...]
    coverage_query: float
    coverage_reference: float
    differences: tuple[str, ...]
    notes: tuple[str, ...]
    manifest: Manifest
    query_track: Mapping[str, Any] = field(repr=False)
    reference_track: Mapping[str, Any] = field(repr=False)

    def __post_init__(self) -> None:
        if self.relation not in RELATIONS:
            raise InputError(f"{self.relation!r} is no relation; there are: {', '.join(RELATIONS)}")
        if self.probability is not None and not 0 <= self.probability <= 1:
            raise InputError(f"a probability lies in [0, 1]; got {self.probability}")

    def __getitem__(self, cue: str) -> Evidence:
        """The evidence of one cue; KeyError where that cue was not asked."""
        for item in self.evidence:
            if item.cue == cue:
                return item
        raise KeyError(f"no {cue!r} evidence in this comparison; there is: {', '.join(e.cue for e in self.evidence)}")

    def to_dict(self) -> dict[str, Any]:
        """The whole comparison as JSON-able data (schema ``versionmatch.match/1``)."""
        data: dict[str, Any] = find("exporters", "json")().document(self)
        return data

    def explain(self) -> str:
        """The comparison in plain words, several lines of text."""
        text: str = find("exporters", "text")().document(self)
        return text

    def to_html(self, path: str | Path | None = None, **options: Any) -> str:
        """The report as one self-contained HTML page; also written to ``path`` where one is given."""
        page: str = find("exporters", "html")(**options).document(self)
        if path is not None:
            Path(path).write_text(page, encoding="utf-8")
        return page

    def to_sv(self, path: str | Path) -> Path:
        """Write a Sonic Visualiser session (``.sv``) that opens both recordings aligned."""
        return self.export("sv", path)

    def to_jams(self, path: str | Path | None = None) -> dict[str, Any]:
        """The comparison as a JAMS document; also written to ``path`` where one is given."""
        if path is not None:
            self.export("jams", path)
        data: dict[str, Any] = find("exporters", "jams")().document(self)
        return data

    def export(self, name: str, path: str | Path) -> Path:
        """Write the comparison in the format of that exporter plugin; returns the path."""
        target = Path(path)
        find("exporters", name)().export(self, target)
        return target

    def _repr_html_(self) -> str:
        """A small summary for notebooks."""
        page: str = find("exporters", "html")().summary(self)
        return page


def spans_of(passages: Sequence[Passage]) -> tuple[Span, ...]:
    """The spans of passages, in their order."""
    return tuple(p.span for p in passages)
