"""Nulls by kind of pair and by how much there was to compare, and p-values of several measures taken together.

What chance gives depends on how long the two are and on what they are: two transcriptions by hand, two recordings
of which machines made notes, or one of each. A table of nulls keeps unrelated pairs of a named corpus for each kind, in
classes of the ``size`` that evidence states. How measures go together among unrelated pairs is kept as a covariance, so
that the sum of −ln p of any choice of them has a p-value of its own, by Brown's method [1]_ [2]_.

References
----------
.. [1] Brown, "A method for combining non-independent, one-sided tests of significance", 1975.
.. [2] Kost, McDermott, "Combining dependent P-values", 2002.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from ..errors import InputError, IntegrityError
from ..files import shipped_models
from ..types import DoubleArray, Evidence, Null, Recording
from .calibrate import Logistic
from .null import null_of, p_value

SCHEMA = "versionmatch.nulls/1"
DEFAULT = "nulls-v1"
KINDS = ("recordings", "scores", "mixed")
ENOUGH = 200
"""Fewer unrelated pairs allow no statement on rarity."""


def kind_of(query: Recording, reference: Recording) -> str:
    """What two sides are: ``recordings``, ``scores``, or ``mixed``, one of each."""
    n_scores = query.is_score + reference.is_score
    return ("recordings", "mixed", "scores")[n_scores]


@dataclass(frozen=True, eq=False, slots=True)
class NullTable:
    """Nulls of cues, by kind of pair and size.

    ``nulls``: kind → cue → (size from which on, null), ascending; ``covariances``: kind → pair of cues → covariance of
    their −2 ln p among unrelated pairs; ``odds``: kind → names joined by ``+`` → log-odds of being versions, of kinds
    that have their own (see ``elements.log_odds``); ``provenance`` says of what corpora.
    """

    id: str
    nulls: Mapping[str, Mapping[str, tuple[tuple[float, Null], ...]]]
    covariances: Mapping[str, Mapping[tuple[str, str], float]]
    provenance: Mapping[str, Any]
    odds: Mapping[str, Mapping[str, Logistic]] = field(default_factory=dict)

    def null(self, kind: str, cue: str, size: float) -> Null | None:
        """The null of pairs as large; None where the table has none of that cue."""
        known = self.nulls.get(kind, {}).get(cue, ())
        fitting = [null for least, null in known if size >= least]
        return fitting[-1] if fitting else known[0][1] if known else None

    def apply(self, evidence: Evidence, kind: str) -> Evidence:
        """The evidence with its p-value and null by this table; unchanged where it has none or nothing was compared."""
        null = self.null(kind, evidence.cue, evidence.size)
        if null is None or not compared(evidence):
            return evidence
        return replace(evidence, p_value=p_value(evidence.raw, null), null=null)

    def together(self, kind: str, p_values: Mapping[str, float], n_pairs: int) -> float | None:
        """The p-value of the sum of −ln p of several cues; None where one of them is not in the table.

        A sum of ``k`` independent −2 ln p is χ² with 2 k degrees of freedom; dependent ones have a larger variance, for
        which both are scaled. Never below 1 / (``n_pairs`` + 1).
        """
        cues = sorted(p_values)
        known = self.covariances.get(kind, {})
        if not cues or any((cue, cue) not in known for cue in cues):
            return None
        variance = sum(known.get((a, b), known.get((b, a), 0.0)) for a in cues for b in cues)
        return brown(-2.0 * sum(math.log(p_values[c]) for c in cues), len(cues), variance, least=1.0 / (n_pairs + 1))

    def to_json(self) -> str:
        """The file's text; ``of_json`` reads it back."""
        nulls = {
            kind: {cue: [_written(least, null) for least, null in known] for cue, known in cues.items()}
            for kind, cues in self.nulls.items()
        }
        together = {k: {f"{a}+{b}": round(v, 4) for (a, b), v in m.items()} for k, m in self.covariances.items()}
        odds = {k: {n: {"intercept": v.intercept, "weights": dict(v.weights)} for n, v in m.items()}
                for k, m in self.odds.items()}  # fmt: skip
        about = {"schema": SCHEMA, "id": self.id, "provenance": dict(self.provenance), "odds": odds}
        return json.dumps({**about, "covariances": together, "nulls": nulls}, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def of_json(cls, text: str, *, source: str = "table of nulls") -> NullTable:
        """A table from its file's text; IntegrityError names what is wrong with it."""
        try:
            data = json.loads(text)
            if data["schema"] != SCHEMA:
                raise IntegrityError(f"{source} has schema {data['schema']!r}; this version reads {SCHEMA!r}")
            nulls = {
                kind: {cue: tuple(_read(row) for row in rows) for cue, rows in cues.items()}
                for kind, cues in data["nulls"].items()
            }
            together = {kind: {_pair(key): float(v) for key, v in m.items()} for kind, m in data["covariances"].items()}
            odds = {
                kind: {name: Logistic(float(v["intercept"]), v["weights"]) for name, v in m.items()}
                for kind, m in data.get("odds", {}).items()
            }
            return cls(data["id"], nulls, together, data["provenance"], odds)
        except (KeyError, TypeError, ValueError) as error:
            raise IntegrityError(f"{source} is no table of nulls: {error!r}; install the package again") from error


def compared(evidence: Evidence) -> bool:
    """Whether there was anything to compare: a raw value of 0 says something only where something was compared."""
    return evidence.raw != 0.0 or evidence.size > 0


def brown(x: float, k: int, variance: float, *, least: float = 0.0) -> float:
    """P(X ≥ ``x``) of a sum X of ``k`` dependent −2 ln p with that ``variance``; never below ``least``.

    >>> round(brown(9.488, 2, 8.0), 3), round(brown(9.488, 2, 16.0), 3)  # independent; the same p twice
    (0.05, 0.093)
    """
    scale = variance / (4.0 * k)
    freedom = 8.0 * k * k / variance
    return float(min(1.0, max(chi2.sf(x / scale, freedom), least)))


def table_of(
    rows: Mapping[str, Sequence[Evidence]],
    kind: str,
    corpus: str,
    *,
    n_classes: int = 4,
    least_pairs: int = 400,
    n_quantiles: int = 201,
    provenance: str = "",
) -> tuple[dict[str, tuple[tuple[float, Null], ...]], dict[tuple[str, str], float]]:
    """Nulls and covariances of one ``kind`` of pair: ``rows`` are, by cue, what unrelated pairs gave, in one order.

    Sizes are parted into up to ``n_classes`` classes of equally many pairs, none with fewer than ``least_pairs``. What
    was not compared is left out.
    """
    nulls: dict[str, tuple[tuple[float, Null], ...]] = {}
    for cue, found in rows.items():
        raws = np.array([e.raw for e in found if compared(e)])
        sizes = np.array([e.size for e in found if compared(e)])
        if raws.size < ENOUGH:
            continue
        n = max(1, min(n_classes, raws.size // least_pairs))
        edges = np.unique(np.quantile(sizes, np.linspace(0, 1, n + 1))[:-1])
        places = np.searchsorted(edges, sizes, side="right") - 1
        nulls[cue] = tuple(
            (float(edge), null_of(corpus, raws[places == at], provenance=provenance, n_quantiles=n_quantiles))
            for at, edge in enumerate(edges)
        )
    table = NullTable("", {kind: nulls}, {}, {})
    logs = {cue: _logs(table, kind, rows[cue]) for cue in nulls}
    together = {(a, b): covariance(logs[a], logs[b]) for a in nulls for b in nulls if a <= b}
    return nulls, together


def _logs(table: NullTable, kind: str, found: Sequence[Evidence]) -> DoubleArray:
    values = [table.apply(e, kind).p_value if compared(e) else None for e in found]
    return np.array([math.nan if p is None else -2.0 * math.log(p) for p in values])


def covariance(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Of two measures' −2 ln p where both are known; 4 at least for a measure with itself, as by definition."""
    x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
    both = np.isfinite(x) & np.isfinite(y)
    if np.array_equal(x, y, equal_nan=True):
        return max(4.0, float(np.var(x[both])))
    if both.sum() < ENOUGH:
        return 4.0  # not known: taken as one and the same, which errs on the safe side
    return float(np.cov(x[both], y[both])[0, 1])


def _written(least: float, null: Null) -> dict[str, Any]:
    quantiles = [float(f"{q:.5g}") for q in null.quantiles]
    return {"from": round(least, 3), "corpus": null.corpus, "n": null.n_pairs, "how": null.provenance, "q": quantiles}


def _read(row: Mapping[str, Any]) -> tuple[float, Null]:
    return float(row["from"]), Null(row["corpus"], int(row["n"]), np.array(row["q"]), row["how"])


def _pair(text: str) -> tuple[str, str]:
    a, _, b = text.partition("+")
    return a, b


@cache
def load(name: str = DEFAULT) -> NullTable:
    """The table that is shipped under that name; read once. InputError where there is none."""
    file = shipped_models() / name / "nulls.json"
    if not name.replace("-", "").isalnum() or not file.is_file():
        raise InputError(f"there is no table of nulls {name!r}; the default is {DEFAULT!r}")
    return NullTable.of_json(file.read_text(encoding="utf-8"), source=f"models/{name}/nulls.json")
