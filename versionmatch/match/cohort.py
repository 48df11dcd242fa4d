"""A pair's own null: what each of the two has in common with the recordings of a cohort, such as a catalogue.

Some recordings are like many others. A null made of pairs that hold neither of the two cannot know that; one in which
each of the two meets strangers does, so that what is usual for *these two* is not taken for unusual.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..plugins import Cue
from ..types import Evidence, Null
from .null import null_of, p_value
from .nulls import compared


def cohort_nulls(
    cues: Sequence[Cue],
    query: Mapping[str, Any],
    reference: Mapping[str, Any],
    strangers: Iterable[Mapping[str, Any]],
    *,
    corpus: str,
) -> dict[str, Null]:
    """By cue, the null of the query and of the reference, each beside every stranger.

    ``corpus`` names the strangers. A cue that found something to compare in none of the pairs has no null.
    """
    raws: dict[str, list[float]] = {cue.name: [] for cue in cues}
    n = 0
    for stranger in strangers:
        n += 1
        for cue in cues:
            pairs = (cue.compare(query, stranger), cue.compare(stranger, reference))
            raws[cue.name] += [found.raw for found in pairs if compared(found)]
    name = f"{n} recordings of {corpus}, beside A and beside B"
    return {cue: null_of(name, values, n_quantiles=len(values) + 1) for cue, values in raws.items() if values}


def beside(evidence: Evidence, nulls: Mapping[str, Null]) -> Evidence:
    """The evidence with the null and the p-value of the cohort; unchanged where that has none of its cue."""
    null = nulls.get(evidence.cue)
    if null is None or not compared(evidence):
        return evidence
    return replace(evidence, null=null, p_value=p_value(evidence.raw, null))
