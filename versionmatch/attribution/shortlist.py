"""The first of two stages: which items are worth scoring, by methods that cost a product of vectors each.

No one gate finds all that matters: likeness of the music misses what a model learned of other things than likeness, so
several gates are joined, best items first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ParamsError
from ..plugins import Attributor, Batch, find
from .context import Context


@dataclass(frozen=True, slots=True)
class Gate:
    """How many items pass, and by which methods.

    Parameters
    ----------
    share : float
        Of the corpus, above 0 to 1.
    by : tuple of str
        Names of attributors; items are taken from their rankings in turn.
    settings : mapping
        Attributor → its settings.
    """

    share: float = 0.2
    by: tuple[str, ...] = ("hidden", "gradcos")
    settings: Mapping[str, Mapping[str, Any]] | None = None

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1 or not self.by:
            raise ParamsError(f"a gate has a share above 0 to 1 and one method or more; got {self.share}, {self.by}")

    def __str__(self) -> str:
        return f"{' + '.join(self.by)}, {100 * self.share:g} %"

    def methods(self) -> tuple[Attributor, ...]:
        """The methods, ready to be used."""
        sketched = {"gradcos": {"dim": 1024}, **(self.settings or {})}
        return tuple(find("attributors", name)(**sketched.get(name, {})) for name in self.by)


def shortlist(context: Context, gate: Gate, methods: Sequence[tuple[Attributor, Any]], query: Batch) -> tuple[str, ...]:
    """Ids of the corpus that pass for a query, sorted; ``methods`` with what each has fitted.

    The rankings are gone through side by side, first all firsts, then all seconds, until there are enough.
    """
    ids = sorted(context.corpus.ids)
    wanted = max(1, round(gate.share * len(ids)))
    orders = []
    for method, fitted in methods:
        values = method.score(context, fitted, query, ids).values
        orders.append(np.argsort(-values, kind="stable"))
    chosen: dict[int, None] = {}
    for item in np.stack(orders, axis=1).reshape(-1):
        if len(chosen) == wanted:
            break
        chosen.setdefault(int(item), None)
    return tuple(ids[i] for i in sorted(chosen))
