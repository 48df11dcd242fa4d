"""What people decided about a scan's matches goes into the catalogue; what they rejected is never asked again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from ..errors import InputError
from ..match.decisions import read_decisions
from ..store import changes
from .catalogue import Catalogue
from .scan_tables import NOT_A_DUPLICATE

VERDICTS = {"accept": "accepted", "reject": NOT_A_DUPLICATE, "unsure": "unsure"}


def apply_decisions(catalogue: Catalogue, path: Path) -> dict[str, int]:
    """Keep the decisions of a ``decisions.csv``; how many of each kind there were.

    All are looked at before the first is kept. Raises InputError where the file is not right or names a recording that
    the catalogue does not hold.
    """
    decisions = read_decisions(path)
    known = {recording.id for recording in catalogue.recordings()}
    for decision in decisions:
        for each in decision.pair:
            if each not in known:
                raise InputError(f"{path}: {catalogue.path} holds no recording {each!r}; was it removed?")
    with catalogue.store.writing("review") as writer:
        for decision in decisions:
            changes.decide(writer, *decision.pair, VERDICTS[decision.decision], decision.note or "")
    return dict(sorted(Counter(d.decision for d in decisions).items()))
