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
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError, IntegrityError
from ..files import shipped_models
from ..types import DoubleArray, Evidence, Null
from .null import p_value

SCHEMA = "versionmatch.calibration/1"
DEFAULT = "calibration-v1"
KEYLESS = ("rhythm", "passages")
"""Cues that do not depend on the key: their strength comes from the raw value alone, and chance is 0."""
LINEAR = ("embedding",)
"""Cues whose strength is no logarithm: their raw value is the strength less chance as it is."""
MODELLED = ("embedding",)
"""Cues whose values are those of one model: weighed only where a calibration of that model gave them their null."""
TELLING_ZERO = ("passages",)
"""Cues whose raw value 0 says something; of the others it says that there was nothing to measure."""


@dataclass(frozen=True, slots=True)
class Logistic:
    """Log-odds of being versions: ``intercept + Σ weights[cue] · (strength - chance) - weights[cue:chance] · chance``.

    The first is the logarithm of the raw value. No weight is below 0; a weight of chance takes off what is left
    of the lengths, with which chance grows.
    """

    intercept: float
    weights: Mapping[str, float]

    def part(self, cue: str, strength: float, chance: float) -> float:
        """What one cue adds."""
        return self.weights[cue] * (strength - chance) - self.weights.get(f"{cue}:chance", 0.0) * chance


@dataclass(frozen=True, eq=False, slots=True)
class Calibration:
    """What raw values mean: each cue's null, and log-odds for each choice of cues.

    ``logistics`` are keyed by the cues in alphabetical order, joined by ``+``; ``usual`` is the median strength
    and chance of unrelated pairs by cue; ``ranking`` are the weights with which cues are added key by key.
    """

    id: str
    prior: float
    nulls: Mapping[str, Null]
    logistics: Mapping[str, Logistic]
    usual: Mapping[str, tuple[float, float]]
    ranking: Mapping[str, float]
    provenance: Mapping[str, Any]

    def apply(self, evidence: Evidence) -> Evidence:
        """The evidence with ``p_value``, ``score`` and ``null``; unchanged where there was nothing to measure.

        ``score`` is the probability that this cue alone would give.
        """
        null, logistic = self.nulls.get(evidence.cue), self.logistics.get(evidence.cue)
        if null is None or logistic is None or not measured(evidence.cue, evidence.raw):
            return evidence
        strengths, chance = self.strengths(evidence)
        odds = logistic.intercept + logistic.part(evidence.cue, float(strengths.max()), chance)
        return replace(evidence, p_value=p_value(evidence.raw, null), score=probability_of(odds), null=null)

    def holds_for(self, cue: str, model_id: str, model_digest: str = "") -> bool:
        """Whether it was fitted to that model's values; a cue without a model in the provenance has none to differ.

        The provenance names the model's id (``model``) and may name the sha256 of its weights (``weights``). Where
        both digests are known they decide, whatever the model is called; else the ids do.
        """
        fitted = self.provenance.get(cue)
        if not isinstance(fitted, Mapping):
            return True
        weights = fitted.get("weights")
        if weights and model_digest:
            return bool(weights == model_digest)
        return fitted.get("model") == model_id

    def strengths(self, evidence: Evidence) -> tuple[DoubleArray, float]:
        """Of a cue's evidence, the strength in each key ``(12,)`` and chance (the usual one where it is not given)."""
        details, cue = evidence.details, evidence.cue
        if "chance" in details:
            return np.array([details[f"key_{k}"] for k in range(12)]), details["chance"]
        if cue in KEYLESS:
            return np.full(12, keyless_strength(cue, evidence.raw)), 0.0
        chance = self.usual[cue][1]
        strength = evidence.raw if cue in LINEAR else math.log(max(evidence.raw, 1e-9))
        return np.full(12, strength + chance), chance

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
            "usual": {cue: list(pair) for cue, pair in self.usual.items()},
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
            usual = {cue: (float(pair[0]), float(pair[1])) for cue, pair in data["usual"].items()}
            prior = float(data["prior"])
            return cls(data["id"], prior, nulls, logistics, usual, data["ranking"], data["provenance"])
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            raise IntegrityError(f"{source} is no calibration: {error!r}; install the package again") from error


def keyless_strength(cue: str, raw: Any) -> Any:
    """What a cue without a key adds in proportion to: the raw value, for the share of passages its root."""
    return np.sqrt(raw) if cue == "passages" else raw


def measured(cue: str, raw: float) -> bool:
    """Whether a raw value says anything; 0 mostly means that there was nothing to measure.

    >>> measured("harmony", 0.0), measured("passages", 0.0)
    (False, True)
    """
    return raw != 0.0 or cue in TELLING_ZERO


def probability_of(log_odds: float) -> float:
    """The probability that has these log-odds.

    >>> probability_of(0.0), probability_of(-800.0)
    (0.5, 0.0)
    """
    return 1.0 / (1.0 + math.exp(-log_odds)) if log_odds > -700 else 0.0


def at_prior(probability: float, supposed: float, prior: float) -> float:
    """A probability that was reckoned at the prior ``supposed``, at another one.

    >>> round(at_prior(0.5, 0.2, 0.01), 3), at_prior(1.0, 0.2, 0.01)
    (0.039, 1.0)
    """
    for_it = probability * prior / supposed
    against = (1.0 - probability) * (1.0 - prior) / (1.0 - supposed)
    return for_it / (for_it + against)


@cache
def load(name: str = DEFAULT) -> Calibration:
    """The calibration that is shipped under that name; read once. InputError where there is none."""
    if not name.replace("-", "").isalnum():
        raise InputError(f"{name!r} is no calibration's name; the default is {DEFAULT!r}")
    file = shipped_models() / name / "calibration.json"
    if not file.is_file():
        raise InputError(f"there is no calibration {name!r}; the default is {DEFAULT!r}")
    return Calibration.of_json(file.read_text(encoding="utf-8"), source=f"models/{name}/calibration.json")


def fit_logistic(
    columns: Mapping[str, npt.ArrayLike],
    versions: npt.ArrayLike,
    *,
    prior: float,
    weights: npt.ArrayLike | None = None,
) -> Logistic:
    """Log-odds fitted to labelled pairs, then moved to ``prior``.

    Parameters
    ----------
    columns : name → (n_pairs,)
        Strengths less chance by ``cue``, and chance with the sign reversed by ``cue:chance``.
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
    kept = {cue: np.asarray(values, dtype=np.float64) for cue, values in columns.items()}
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
            found = {cue: max(0.0, float(slopes.get(cue, 0.0))) for cue in columns}
            return Logistic(float(model.intercept_[0]), found)
        dropped = min(against, key=lambda name: slopes[name] * float(kept[name].std()))
        kept = {name: values for name, values in kept.items() if name not in (dropped, f"{dropped}:chance")}
