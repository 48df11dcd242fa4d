"""What the recording cue says two recordings are to each other, before anything is weighed."""

from __future__ import annotations

from collections.abc import Sequence

from ..types import Evidence

NAME = "recording"
SAME_TEMPO, SAME_PITCH = 0.0015, 0.004
"""Factors nearer to 1 are one and the same: clocks of recorders differ by 0.0001."""
COVERED = 0.9
"""A recording that is the same is sighted in at least this part of the stretch that it fills."""
ENDS_S = 3.0
"""Of either recording no more may lie before or after that stretch."""
SHARE, LEAST_S = 0.3, 4.0
"""An altered recording fills at least this part of one of the two, and lasts so long; less is a passage."""

NEW, NEW_S, MET = 0.25, 4.0, 0.6
"""Where less than that part of what is shared is new, it must last so long and be that part of all there is."""


def relation_of(evidence: Sequence[Evidence]) -> tuple[str, float] | None:
    """``same recording``, ``altered recording`` or ``related passage``, and the cue's raw value; None without a find.

    The same recording has one stretch, from end to end, at the same tempo and pitch. An altered one is heard at another
    speed, tempo or pitch, cut or put together otherwise, in part, or in a mix. What shares only a piece that comes
    again and again, such as a loop or a sample, shares a passage.
    """
    found = next((e for e in evidence if e.cue == NAME and e.raw > 0), None)
    if found is None:
        return None
    d = found.details
    ends = max(d[f"{where}_{side}_s"] for where in ("before", "after") for side in ("query", "reference"))
    whole = ends <= ENDS_S and d["covered"] >= COVERED
    if _only_repeats(found) and not (whole and d["met"] >= MET):
        return "related passage", found.raw
    if whole and abs(d["tempo"] - 1) <= SAME_TEMPO and abs(d["pitch"] - 1) <= SAME_PITCH:
        return "same recording", found.raw
    longest = max(span.query_duration_s for span in found.spans)
    if max(d["share_of_query"], d["share_of_reference"]) >= SHARE and longest >= LEAST_S:
        return "altered recording", found.raw
    return "related passage", found.raw


def _only_repeats(found: Evidence) -> bool:
    """Whether a loop, a sample, a tone or a metronome is all that is shared: little is new, or much else is not met."""
    new = found.details.get("new", 1.0)
    new_s = new * sum(span.query_duration_s for span in found.spans)
    return new < NEW and (new_s < NEW_S or found.details["met"] < MET)
