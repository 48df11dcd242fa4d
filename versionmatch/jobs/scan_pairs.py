"""Proposed pairs through the very comparison that two single tracks get, and what of it goes into the table."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..errors import IntegrityError, MissingExtra, NotPermitted, ParamsError, UnknownPlugin, VersionMatchError
from ..features.view import Track
from ..params import CompareParams, ScanParams, usual_cues, weighed_cues
from ..store.catalogue import CatalogueStore
from ..types import Match, Span
from .catalogue import Catalogue
from .compare import compare
from .governed import gate_of
from .workers import ended_after

Row = dict[str, Any]
Pair = tuple[str, str]
"""Two ids of recordings, the smaller first: the query and its reference."""
RECORDING = ("same recording", "altered recording")
TRACKS = 64
"""Recordings whose features a process holds at once."""


@dataclass(frozen=True, slots=True)
class Work:
    """Some pairs of one catalogue, to be compared in one process."""

    root: str
    pairs: tuple[Pair, ...]
    params: ScanParams
    other: str = ""
    """Of the references, where they are in another catalogue."""

    until: float = 0.0
    """Seconds since 1970 from which on no pair is begun; 0: there is no such time."""
    pair_deadline_s: float = 0.0
    governed: bool = True
    """Whether a corpus' log is asked; not where what is not permitted is looked for."""


def compared(work: Work) -> list[Row]:
    """A row of facts for each pair that was begun, in order; ``row["tier"]`` is the relation, ``unrelated`` too.

    A pair that cannot be compared has a row of ``failed_row``. Trouble of the machine or the settings is raised.
    """
    rows = []
    for pair in work.pairs:
        if work.until and time.time() >= work.until:
            break
        with ended_after(work.pair_deadline_s):
            rows.append(_row(work, pair))
    return rows


def _row(work: Work, pair: Pair) -> Row:
    try:
        return _facts(work, pair)
    except (MissingExtra, UnknownPlugin) as error:
        raise ParamsError(str(error)) from None  # an error that can travel
    except (OSError, IntegrityError, ParamsError):
        raise
    except FAULTS as error:
        if not _is_memory(error):
            return failed_row(pair, "pair_error", f"{type(error).__name__}: {error}")
    _track.cache_clear()  # what is held of other pairs may have been too much
    try:
        return _facts(work, pair)
    except FAULTS as error:
        if not _is_memory(error):
            return failed_row(pair, "pair_error", f"{type(error).__name__}: {error}")
        return failed_row(pair, "pair_memory_cap", "comparing the two takes more memory than a process may")


FAULTS = (MemoryError, VersionMatchError, ArithmeticError, LookupError, TypeError, ValueError, RuntimeError)


def _is_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or "not enough memory" in str(error)  # the latter is torch's


def failed_row(pair: Pair, code: str, about: str) -> Row:
    """What stands for a pair that could not be compared."""
    return {"query_id": pair[0], "ref_id": pair[1], "failed": code, "about": about}


def _facts(work: Work, pair: Pair) -> Row:
    query, reference = _asked(work, work.root, pair[0]), _asked(work, work.other or work.root, pair[1])
    return facts_of(compare(query, reference, _settings(work, query, reference)))


def _settings(work: Work, query: Track, reference: Track) -> CompareParams:
    """The scan's cues; of scores all measures, of which their probability is made."""
    scores = query.recording.is_score or reference.recording.is_score
    cues = usual_cues() if scores and work.params.cues == weighed_cues() else work.params.cues
    return CompareParams(cues=cues, controls=False)


def _asked(work: Work, root: str, recording_id: str) -> Track:
    """A track; one that is held already is given only where it may be used still."""
    catalogue = _catalogue(root, work.governed)
    if not catalogue.store.may(recording_id):
        raise NotPermitted(f"{recording_id[:12]}… in {root} may not be used now")
    return _track(root, recording_id, work.governed)


@lru_cache(maxsize=4)
def _catalogue(root: str, governed: bool) -> Catalogue:
    return Catalogue(CatalogueStore(root, may=gate_of(root) if governed else None))


@lru_cache(maxsize=TRACKS)
def _track(root: str, recording_id: str, governed: bool) -> Track:
    return _catalogue(root, governed).view(recording_id)


def facts_of(match: Match) -> Row:
    """What a scan keeps of a comparison, JSON-able."""
    tempo, transpose = match.tempo_ratio, match.transposition
    heard = next((e.details for e in match.evidence if e.cue == "recording" and e.spans), None)
    if heard is not None and _method(match) == "recording":
        tempo, transpose = heard["tempo"], round(12 * math.log2(heard["pitch"]))
    return {
        "query_id": match.query.id,
        "ref_id": match.reference.id,
        "tier": match.relation,
        "score": match.probability,
        "p_null": _p_null(match),
        "transpose": transpose % 12,
        "tempo_ratio": tempo,
        "coverage_q": match.coverage_query,
        "coverage_r": match.coverage_reference,
        "method": _method(match),
        "model_id": _model(match),
        "spans": [list(_ends(span)) for span in _spans(match)],
    }


def _ends(span: Span) -> tuple[float, float, float, float]:
    return span.query_start_s, span.query_end_s, span.reference_start_s, span.reference_end_s


def _spans(match: Match) -> Sequence[Span]:
    """Where the two belong together: by the sound itself where it is one recording, else passage by passage."""
    sound = [span for e in match.evidence if e.cue == "recording" for span in e.spans]
    return sound if match.relation in RECORDING else [p.span for p in match.passages] or sound


def _p_null(match: Match) -> float | None:
    """The smallest p-value of any element, times how many there were: that one of so many is small proves little.

    What the fingerprint decided has none: its score is no draw from a null distribution.
    """
    if _method(match) == "recording":
        return None
    found = [e.p_value for e in match.evidence if e.p_value is not None]
    return min(1.0, min(found) * len(found)) if found else None


def _method(match: Match) -> str:
    if match.relation in RECORDING or (match.relation == "related passage" and not match.passages):
        return "recording"
    return "passages" if match.relation == "related passage" else "fused"


def _model(match: Match) -> str | None:
    return next((name.removeprefix("model ") for name in match.manifest.versions if name.startswith("model ")), None)
