"""What a comparison finds: evidence beside its null, and all of it together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..plugins import find
from .place import Alignment, Passage, Span
from .sound import Recording
from .value import DoubleArray, Value, frozen, mapping

RELATIONS = ("same recording", "altered recording", "version", "related passage", "unrelated", "undecided")
"""What two recordings can be to each other; ``undecided`` where what was found allows no statement."""


ELEMENTS = ("melody", "harmony", "rhythm")
"""What a cue may measure of the music; a cue of none of them (the embedding, the recording) has the element ``""``."""


@dataclass(frozen=True, eq=False, slots=True)
class Null(Value):
    """What a raw value looks like where nothing is shared: unrelated pairs of a named corpus."""

    corpus: str
    n_pairs: int
    quantiles: DoubleArray  # (n,), ascending raw values at evenly spaced probabilities 0…1
    provenance: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "quantiles", frozen(self.quantiles, np.float64))

    def percentile(self, raw: float) -> float:
        """Share of unrelated pairs below ``raw``, in per cent; what many of them have alike is not below itself."""
        at = int(np.searchsorted(self.quantiles, raw, side="left"))
        if at in {0, self.quantiles.size}:
            return 100.0 if at else 0.0
        low, high = self.quantiles[at - 1], self.quantiles[at]
        return float(100.0 * (at - 1 + (raw - low) / (high - low)) / (self.quantiles.size - 1))


@dataclass(frozen=True, eq=False, slots=True)
class Evidence(Value):
    """What one cue found: the raw value in its own unit, where, and beside which null.

    ``score`` (0…1, high = more alike) and ``p_value`` are set only by calibration; ``null`` is None
    where the value has none, and every surface then says so. ``element`` is one of ``ELEMENTS`` or ``""``; ``size`` is
    how much of the shorter side there was to compare, in the cue's own unit (notes, chords, beats, seconds), ``chance``
    what else chance depends on, by name: ``longer``, that of the other side, and how often the smallest parts of both
    sides, drawn at random, agree (0 to 1). Nulls are kept by them.
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
    element: str = ""
    size: float = 0.0
    chance: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not np.isfinite(self.raw):
            raise InputError(f"the {self.cue} cue gave {self.raw}; a raw value must be finite")
        if self.element and self.element not in ELEMENTS:
            raise InputError(f"{self.element!r} is no element; there are: {', '.join(ELEMENTS)}")
        object.__setattr__(self, "details", mapping(self.details))
        object.__setattr__(self, "chance", mapping(self.chance))


@dataclass(frozen=True, eq=False, slots=True)
class ElementScore(Value):
    """How much one element says together: ``nats`` is the sum of −ln p of its measures, which are ``parts`` by cue.

    ``p_value`` sets that sum beside the sums of unrelated pairs (``null``), since measures of one element go together;
    None where it has no null. ``share`` is the element's part of all elements' nats: the shares sum to 1 (or are 0).
    """

    element: str
    nats: float
    parts: Mapping[str, float]
    share: float
    p_value: float | None = None
    null: Null | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", mapping(self.parts))


@dataclass(frozen=True, slots=True)
class Control:
    """A measure of the same kind on material whose answer is known beforehand.

    ``name`` is one of ``"self"`` (a side with itself: must stand out), ``"reversed"``, ``"blocks shuffled"`` and
    ``"notes shuffled"`` (one side in another order: must not). ``raw`` is the cue's value there, ``passed`` whether it
    is as it must be; ``sentence`` says it in words.
    """

    name: str
    cue: str
    raw: float
    passed: bool
    sentence: str
    p_value: float | None = None


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
    the sound allows no statement. ``elements`` add up what the cues of melody, harmony and rhythm say;
    ``controls`` are the same measures on material whose answer is known. ``query_track`` and
    ``reference_track`` hand out the features that were compared, so that any surface can draw them.
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
    elements: tuple[ElementScore, ...] = ()
    controls: tuple[Control, ...] = ()

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
