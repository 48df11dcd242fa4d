"""Whether partitions are apart by what is heard, not by ids alone: the same recording, or the same work, in both."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, field
from typing import Any

from ..match import calibrate
from ..params import ScanParams
from .catalogue import Catalogue
from .prints import CataloguePrints
from .scan_pairs import RECORDING, Pair, Work, compared
from .vectors import KIND, CatalogueVectors

VERSIONS = ("version", "related passage")
LEAST = 0.5
"""From this probability of being versions on, at the prior of a scan, a pair is told as one work."""


@dataclass(frozen=True, slots=True)
class Mixed:
    """A licensed recording that is, or is a version of, one of another partition; both by their recordings' ids."""

    licensed: str
    other: str
    what: str
    relation: str
    probability: float | None

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Segregation:
    """What was found, and how much was looked at."""

    mixed: tuple[Mixed, ...]
    licensed: int
    others: int
    pairs: int
    failed: int = 0
    limits: str = field(default="")

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data."""
        return {**asdict(self), "mixed": [m.to_dict() for m in self.mixed]}


LIMITS = (
    "A pair is found by its sound (fingerprints, also at another speed, tempo or pitch) or proposed by learned "
    "vectors, and then compared. What is neither heard nor near is not found; what is found is for a person to look at."
)


def segregation(
    licensed: Catalogue,
    other: Catalogue,
    params: ScanParams | None = None,
    *,
    tell: Callable[[str], None] = lambda _: None,
    executor: Executor | None = None,
) -> Segregation:
    """Which licensed recordings are the same recording, or of the same work, as one of another catalogue.

    Parameters
    ----------
    licensed, other : Catalogue
        ``other`` holds what is not licensed, or not yet known.
    params : ScanParams, optional
        As for a scan: ``by`` chooses fingerprints, vectors or both, ``k`` how many are proposed to each by vectors.
    tell : callable, optional
        Called with a sentence now and then.
    """
    params = params or ScanParams()
    pairs = sorted(_proposed(licensed, other, params))
    tell(f"{len(pairs)} pairs to compare")
    work = [
        Work(str(other.path), tuple(pairs[at : at + 20]), params, other=str(licensed.path))
        for at in range(0, len(pairs), 20)
    ]
    rows: list[dict[str, Any]] = []
    for part in (map if executor is None else executor.map)(compared, work):
        rows += part
        tell(f"{len(rows)} of {len(pairs)} pairs compared")
    supposed = calibrate.load().prior
    mixed = [m for row in rows for m in _mixed(row, supposed, params)]
    order = tuple(sorted(mixed, key=lambda m: (m.what, -(m.probability or 0.0), m.licensed, m.other)))
    return Segregation(order, len(licensed), len(other), len(pairs), sum("failed" in row for row in rows), LIMITS)


def _proposed(licensed: Catalogue, other: Catalogue, params: ScanParams) -> set[Pair]:
    """Pairs (other, licensed) that are worth a comparison; equal ids are the same sound and always are."""
    pairs: set[Pair] = set()
    prints = CataloguePrints(licensed) if "recording" in params.by else None
    vectors = CatalogueVectors(licensed) if "version" in params.by else None
    for recording in other:
        track = other.view(recording.id)
        if prints is not None and track.kept("peaks"):
            pairs |= {(recording.id, found.track) for found in prints.found(track["peaks"], params.warps)}
        if vectors is not None and not recording.low_information and track.kept(KIND):
            pairs |= {(recording.id, near.recording_id) for near in vectors.near(track[KIND], params.k)}
    return pairs


def _mixed(row: dict[str, Any], supposed: float, params: ScanParams) -> Iterable[Mixed]:
    ids = row["ref_id"], row["query_id"]
    if "failed" in row:  # what cannot be told apart is not taken to be apart
        yield Mixed(*ids, "not compared", str(row["about"]), None)
    elif row["tier"] in RECORDING:
        yield Mixed(*ids, "same recording", row["tier"], row["score"])
    elif row["method"] == "recording" and row["tier"] in VERSIONS:
        yield Mixed(*ids, "same sound in part", row["tier"], row["score"])
    elif row["score"] is not None and row["tier"] in VERSIONS:
        probability = calibrate.at_prior(row["score"], supposed, params.prior)
        if probability >= LEAST:
            yield Mixed(*ids, "same work", row["tier"], probability)
