"""From raw values to p-values, scores and a probability: what a fitted calibration holds, and how it is fitted.

A calibration is one JSON file with its provenance; ``load`` reads the one that is shipped. Probabilities are
those of being versions of one work, *if a share* ``prior`` *of the pairs asked about are versions*.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError, IntegrityError
from ..types import DoubleArray, Evidence, Null
from .null import p_value

SCHEMA = "versionmatch.calibration/1"
DEFAULT = "calibration-v1"


@dataclass(frozen=True, slots=True)
class Logistic:
    """Log-odds of being versions: ``intercept + Σ weight · strength`` over the named cues."""

    intercept: float
    weights: Mapping[str, float]


@dataclass(frozen=True, eq=False, slots=True)
class Calibration:
    """What raw values mean: each cue's null, and log-odds for each choice of cues.

    ``logistics`` are keyed by the cues in alphabetical order, joined by ``+``; ``ranking`` are the weights
    with which score-normalised cues are added for retrieval.
    """

    id: str
    prior: float
    nulls: Mapping[str, Null]
    logistics: Mapping[str, Logistic]
    ranking: Mapping[str, float]
    provenance: Mapping[str, Any]

    def apply(self, evidence: Evidence) -> Evidence:
        """The evidence with ``p_value``, ``score`` and ``null``; unchanged where there was nothing to measure.

        ``score`` is the probability that this cue alone would give.
        """
        null, logistic = self.nulls.get(evidence.cue), self.logistics.get(evidence.cue)
        if null is None or logistic is None or evidence.raw == 0.0:
            return evidence
        odds = logistic.intercept + logistic.weights[evidence.cue] * strength(evidence.cue, evidence.raw)
        return replace(evidence, p_value=p_value(evidence.raw, null), score=probability_of(odds), null=null)

    def logistic_for(self, cues: Sequence[str]) -> Logistic | None:
        """The log-odds fitted for just these cues, in any order; None where there is none."""
        return self.logistics.get("+".join(sorted(cues)))

    def to_json(self) -> str:
        """The file's text; ``of_json`` reads it back."""
        nulls = {
            cue: {
                "corpus": n.corpus,
                "n_pairs": n.n_pairs,
                "provenance": n.provenance,
                "quantiles": [round(float(q), 6) for q in n.quantiles],
            }
            for cue, n in self.nulls.items()
        }
        logistics = {k: {"intercept": v.intercept, "weights": dict(v.weights)} for k, v in self.logistics.items()}
        document = {
            "schema": SCHEMA,
            "id": self.id,
            "prior": self.prior,
            "provenance": dict(self.provenance),
            "ranking": dict(self.ranking),
            "logistics": logistics,
            "nulls": nulls,
        }
        return json.dumps(document, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def of_json(cls, text: str, *, source: str = "calibration") -> Calibration:
        """A calibration from its file's text; IntegrityError names what is wrong with it."""
        try:
            data = json.loads(text)
            if data["schema"] != SCHEMA:
                raise IntegrityError(f"{source} has schema {data['schema']!r}; this version reads {SCHEMA!r}")
            nulls = {
                cue: Null(n["corpus"], int(n["n_pairs"]), np.array(n["quantiles"]), n["provenance"])
                for cue, n in data["nulls"].items()
            }
            logistics = {k: Logistic(float(v["intercept"]), v["weights"]) for k, v in data["logistics"].items()}
            return cls(data["id"], float(data["prior"]), nulls, logistics, data["ranking"], data["provenance"])
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            raise IntegrityError(f"{source} is no calibration: {error!r}; install the package again") from error


def strength(cue: str, raw: float | DoubleArray) -> Any:
    """A raw value on the scale on which log-odds are linear: the logarithm, for the rhythm the value itself."""
    if cue == "rhythm":
        return raw
    return np.log(np.maximum(raw, 0.0) + 1.0) if isinstance(raw, np.ndarray) else math.log(max(raw, 0.0) + 1.0)


def probability_of(log_odds: float) -> float:
    """The probability that has these log-odds.

    >>> probability_of(0.0), probability_of(-800.0)
    (0.5, 0.0)
    """
    return 1.0 / (1.0 + math.exp(-log_odds)) if log_odds > -700 else 0.0


def log_odds_of(probability: float) -> float:
    """The log-odds of a probability strictly between 0 and 1."""
    return math.log(probability / (1.0 - probability))


@cache
def load(name: str = DEFAULT) -> Calibration:
    """The calibration that is shipped under that name; read once. InputError where there is none."""
    if not name.replace("-", "").isalnum():
        raise InputError(f"{name!r} is no calibration's name; the default is {DEFAULT!r}")
    file = _models() / name / "calibration.json"
    if not file.is_file():
        raise InputError(f"there is no calibration {name!r}; the default is {DEFAULT!r}")
    return Calibration.of_json(file.read_text(encoding="utf-8"), source=f"models/{name}/calibration.json")


def _models() -> Any:
    try:
        return resources.files("versionmatch._models")
    except ModuleNotFoundError:  # run from a checkout that is not installed
        return Path(__file__).parents[2] / "models"


def fit_logistic(
    strengths: Mapping[str, npt.ArrayLike],
    versions: npt.ArrayLike,
    *,
    prior: float,
    weights: npt.ArrayLike | None = None,
) -> Logistic:
    """Log-odds fitted to labelled pairs, then moved to ``prior``.

    Parameters
    ----------
    strengths : cue → (n_pairs,)
        See ``strength``.
    versions : (n_pairs,) bool
        Which pairs are versions of one work.
    prior : float
        The share of versions for which the probabilities shall hold. Versions and other pairs are
        weighed so that they make up ``prior`` and ``1 - prior`` of the whole. No weight is below 0: likeness
        never speaks against; a cue that would is left out and the others are fitted anew.
    weights : (n_pairs,), optional
        How much each pair counts among its kind.
    """
    from sklearn.linear_model import LogisticRegression

    label = np.asarray(versions, dtype=bool)
    if label.all() or not label.any():
        raise InputError("a calibration needs versions and unrelated pairs; got only one of them")
    kept = {cue: np.asarray(values, dtype=np.float64) for cue, values in strengths.items()}
    count = np.ones(label.size) if weights is None else np.asarray(weights, dtype=np.float64)
    share = np.where(label, prior / count[label].sum(), (1.0 - prior) / count[~label].sum())
    while True:
        table = np.column_stack(list(kept.values()))
        scale = table.std(axis=0)
        model = LogisticRegression(C=10.0, max_iter=1000)
        model.fit(table / scale, label, sample_weight=share * label.sum() / prior)
        slopes = dict(zip(kept, model.coef_[0] / scale, strict=True))
        against = [cue for cue in slopes if slopes[cue] < 0]
        if not against or len(kept) == 1:
            found = {cue: max(0.0, float(slopes.get(cue, 0.0))) for cue in strengths}
            return Logistic(float(model.intercept_[0]), found)
        kept.pop(min(against, key=lambda cue: slopes[cue] * float(kept[cue].std())))
