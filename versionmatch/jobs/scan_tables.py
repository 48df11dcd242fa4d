"""What a scan hands out: rows of matches, clusters of same recordings, numbers that contradict them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..identifiers import KINDS
from ..match import calibrate
from ..match.clusters import Cluster, Clustered, Edge, clustered
from ..match.conflicts import Named
from ..params import ScanParams
from ..types import Recording
from .catalogue import Catalogue
from .scan_pairs import RECORDING, Row

NOT_A_DUPLICATE = "not a duplicate"


def match_rows(facts: Iterable[Row], durations: Mapping[str, float], params: ScanParams) -> list[Row]:
    """One row for each stretch that a related pair shares, by query, rank and time.

    A pair that is related without a passage has one row for the whole. ``rank`` 1 is the surest match of a query.
    Probabilities are those at the scan's prior.
    """
    supposed = calibrate.load().prior
    told = (_at_prior(f, supposed, params.prior) for f in facts if "failed" not in f)
    related = _with_q([f for f in told if _reported(f, params.least)])
    order = sorted(related, key=lambda f: (f["query_id"], _tier(f), -(f["score"] or 0.0), f["ref_id"]))
    rows: list[Row] = []
    rank, query = 0, ""
    for fact in order:
        rank = rank + 1 if fact["query_id"] == query else 1
        query = fact["query_id"]
        whole = [0.0, durations[query], 0.0, durations[fact["ref_id"]]]
        for q_start, q_end, r_start, r_end in fact["spans"] or [whole]:
            place = {"q_start": q_start, "q_end": q_end, "r_start": r_start, "r_end": r_end}
            kept = {name: value for name, value in fact.items() if name != "spans"}
            matched = q_end - q_start if fact["spans"] else 0.0
            rows.append({**kept, **place, "score": fact["score"] or 0.0, "matched_s": matched, "rank": rank})
    return rows


def _with_q(facts: Sequence[Row]) -> list[Row]:
    """With ``q_value``: the mean of 1 - probability over a pair and all pairs that are surer [1]_.

    A p-value cannot serve: after as many comparisons as a catalogue has pairs, none of a null of some thousand pairs is
    unusual. What the sound itself decided has none.

    References
    ----------
    .. [1] Müller, Parmigiani, Robert, Rousseau, "Optimal sample size for multiple testing", 2004.
    """
    asked = sorted((f["score"] for f in facts if f["method"] != "recording" and f["score"] is not None), reverse=True)
    wrong = np.cumsum(1.0 - np.array(asked)) / np.arange(1, len(asked) + 1)
    by_score = dict(zip(asked, wrong.tolist(), strict=True))  # of equal scores the last: all of them are in it
    return [{**f, "q_value": by_score.get(f["score"]) if f["method"] != "recording" else None} for f in facts]


_TIERS = ("same recording", "altered recording", "version", "related passage")


def _tier(fact: Row) -> int:
    return _TIERS.index(fact["tier"])


def _at_prior(fact: Row, supposed: float, prior: float) -> Row:
    """With the probability of being versions at another prior; what the sound alone decided stays as it is."""
    if fact["tier"] in RECORDING or fact["score"] is None:
        return fact
    return {**fact, "score": calibrate.at_prior(fact["score"], supposed, prior)}


def _reported(fact: Row, least: float) -> bool:
    if fact["method"] == "recording":
        return fact["tier"] in _TIERS
    return fact["tier"] in _TIERS and (fact["score"] or 0.0) >= least


def decided_apart(catalogue: Catalogue) -> list[tuple[str, str]]:
    """Pairs that a person rejected."""
    return [(d.first, d.second) for d in catalogue.decisions() if d.verdict == NOT_A_DUPLICATE]


def clusters_of(catalogue: Catalogue, rows: Iterable[Row]) -> Clustered:
    """Recordings that are one, by the matches and by what people decided."""
    pairs = {(r["query_id"], r["ref_id"]): Edge(r["query_id"], r["ref_id"], r["tier"], r["score"]) for r in rows}
    return clustered(pairs.values(), decided_apart(catalogue))


def cluster_rows(clusters: Sequence[Cluster], recordings: Mapping[str, Recording]) -> list[Row]:
    """One row for each member; the longest is the original, of equally long ones the first by id."""
    rows = []
    for cluster in clusters:
        first = min(cluster.members, key=lambda m: (-recordings[m].duration_s, m))
        for member in cluster.members:
            role = "original" if member == first else "duplicate"
            reason = "the longest of the recordings that sound the same" if role == "original" else "sounds the same"
            rows.append({"cluster_id": cluster.id, "recording_id": member, "tier": RECORDING[0], "role": role,
                         "confidence": cluster.least, "reason": reason})  # fmt: skip
    return rows


def mentions(catalogue: Catalogue) -> list[Named]:
    """Every number that stands in a tag or a manifest, with the recording that it was said of."""
    found = []
    for recording in catalogue.recordings():
        for row in catalogue.store.sources(recording.id):
            said: dict[str, Any] = json.loads(row.facts)
            numbers = {k: str(v) for k, v in said.items() if k in KINDS and v}
            if recording.isrc and "isrc" not in numbers:
                numbers["isrc"] = recording.isrc
            found.append(Named(recording.id, row.path, numbers))
    return found


def error_rows(catalogue: Catalogue, facts: Iterable[Row] = ()) -> list[Row]:
    """Every input in quarantine and every pair that could not be compared, each with its reason."""
    inputs = [
        {"path": row.path, "code": row.reason, "about": row.detail or row.reason, "recording_id": None}
        for row in catalogue.quarantined()
    ]
    return inputs + [
        {"path": catalogue.store.recording(f["query_id"]).source, "code": f["failed"],
         "about": f"with {f['ref_id']}: {f['about']}", "recording_id": f["query_id"]}
        for f in facts if "failed" in f
    ]  # fmt: skip
