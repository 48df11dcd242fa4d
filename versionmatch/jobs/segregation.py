"""Whether partitions are apart by what is heard, not by ids alone: the same recording, or the same work, in both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, field
from typing import Any

from ..fingerprint.pairwise import CERTAIN, DENSE
from ..index.found import Found
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
    """A licensed recording that is, or is a version of, one of another partition; both by their recordings' ids.

    ``what`` is ``same recording``, ``same sound in part``, ``same work``; ``heard in part``, where a stretch is heard
    by its fingerprint and only cannot be told from another performance of the same notes, which would be no better
    here, or could not be compared further (``relation`` says why); or ``not compared``.
    """

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
    heard, near = _proposed(licensed, other, params)
    pairs = sorted(heard.keys() | near)
    tell(f"{len(pairs)} pairs to compare")
    work = [
        Work(str(other.path), tuple(pairs[at : at + 20]), params, other=str(licensed.path), governed=False)
        for at in range(0, len(pairs), 20)
    ]
    rows: list[dict[str, Any]] = []
    for part in (map if executor is None else executor.map)(compared, work):
        rows += part
        tell(f"{len(rows)} of {len(pairs)} pairs compared")
    supposed = calibrate.load().prior
    mixed = [m for row in rows for m in _mixed(row, supposed, params, heard)]
    order = tuple(sorted(mixed, key=lambda m: (m.what, -(m.probability or 0.0), m.licensed, m.other)))
    return Segregation(order, len(licensed), len(other), len(pairs), sum("failed" in row for row in rows), LIMITS)


def _proposed(licensed: Catalogue, other: Catalogue, params: ScanParams) -> tuple[dict[Pair, bool], set[Pair]]:
    """Pairs (other, licensed) worth a comparison: heard by fingerprint, and whether surely; near by vectors."""
    heard: dict[Pair, bool] = {}
    pairs: set[Pair] = set()
    prints = CataloguePrints(licensed) if "recording" in params.by else None
    vectors = CatalogueVectors(licensed) if "version" in params.by else None
    for recording in other:
        track = other.view(recording.id)
        if prints is not None and track.kept("peaks"):
            for found in prints.found(track["peaks"], params.warps):
                pair = recording.id, found.track
                heard[pair] = heard.get(pair, False) or _sure(found)
        if vectors is not None and not recording.low_information and track.kept(KIND):
            pairs |= {(recording.id, near.recording_id) for near in vectors.near(track[KIND], params.k)}
    return heard, pairs


def _sure(found: Found) -> bool:
    """As sure as a comparison of two must be of a stretch, but for its question whether the notes were played again."""
    return found.score >= max(CERTAIN, DENSE * found.span.query_duration_s)


def _mixed(row: dict[str, Any], supposed: float, params: ScanParams, heard: Mapping[Pair, bool]) -> Iterable[Mixed]:
    ids = row["ref_id"], row["query_id"]
    sure = heard.get((row["query_id"], row["ref_id"]), False)
    if "failed" in row:  # what cannot be told apart is not taken to be apart
        yield Mixed(*ids, "heard in part" if sure else "not compared", str(row["about"]), None)
        return
    if row["tier"] in RECORDING:
        yield Mixed(*ids, "same recording", row["tier"], row["score"])
        return
    if row["tier"] in VERSIONS and row["method"] == "recording":
        yield Mixed(*ids, "same sound in part", row["tier"], row["score"])
        return
    if row["tier"] in VERSIONS and row["score"] is not None:
        probability = calibrate.at_prior(row["score"], supposed, params.prior)
        if probability >= LEAST:
            yield Mixed(*ids, "same work", row["tier"], probability)
            return
    if sure:
        yield Mixed(*ids, "heard in part", row["tier"], None)
