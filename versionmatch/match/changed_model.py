"""How likely it is that one element sets two versions apart, by what of each layer is kept: a logistic regression."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ..errors import IntegrityError
from ..files import shipped_models
from ..types import ELEMENTS, DoubleArray
from ..types.value import Value, frozen

SCHEMA = "versionmatch.changed/1"
DEFAULT = "changed-v1"
ANSWERS = (*ELEMENTS, "none")


@dataclass(frozen=True, eq=False, slots=True)
class Weights(Value):
    """Log-odds of each of ``ANSWERS``: ``intercept (4,)`` + ``weights (4, n)`` · what is kept of ``n`` layers."""

    intercept: DoubleArray
    weights: DoubleArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "intercept", frozen(self.intercept, np.float64))
        object.__setattr__(self, "weights", frozen(self.weights, np.float64))


@dataclass(frozen=True, eq=False, slots=True)
class ChangedModel:
    """Weights by the layers that were kept, sorted and joined by ``+``; ``provenance`` says of what pairs."""

    id: str
    choices: Mapping[str, Weights]
    provenance: Mapping[str, Any]

    def probabilities(self, kept: Mapping[str, float]) -> dict[str, float]:
        """Probability of each of ``ANSWERS``, summing to 1; empty where no weights were fitted to these layers."""
        layers = sorted(kept)
        chosen = self.choices.get("+".join(layers))
        if chosen is None:
            return {}
        odds = chosen.intercept + chosen.weights @ np.array([kept[name] for name in layers])
        shares = np.exp(odds - odds.max())
        return {name: float(p) for name, p in zip(ANSWERS, shares / shares.sum(), strict=True)}

    def to_json(self) -> str:
        """The file's text; ``of_json`` reads it back."""
        choices = {
            name: {"intercept": w.intercept.round(4).tolist(), "weights": w.weights.round(4).tolist()}
            for name, w in self.choices.items()
        }
        about = {"schema": SCHEMA, "id": self.id, "answers": ANSWERS}
        return json.dumps({**about, "choices": choices, "provenance": dict(self.provenance)}, indent=1) + "\n"

    @classmethod
    def of_json(cls, text: str, *, source: str = "model of changed elements") -> ChangedModel:
        """A model from its file's text; IntegrityError names what is wrong with it."""
        try:
            data = json.loads(text)
            if (data["schema"], tuple(data["answers"])) != (SCHEMA, ANSWERS):
                raise IntegrityError(
                    f"{source} has schema {data['schema']!r}, answers {data['answers']}; this version reads {SCHEMA!r}"
                )
            choices = {name: _weights(name, entry) for name, entry in data["choices"].items()}
            return cls(data["id"], choices, data["provenance"])
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise IntegrityError(f"{source} is damaged: {error!r}; install the package again") from error


def _weights(layers: str, entry: Mapping[str, Any]) -> Weights:
    found = Weights(entry["intercept"], entry["weights"])
    shapes, wanted = (found.intercept.shape, found.weights.shape), ((4,), (4, layers.count("+") + 1))
    if shapes != wanted:
        raise ValueError(f"weights of {layers} have shapes {shapes}, not {wanted}")
    return found


@cache
def load() -> ChangedModel:
    """The model that is shipped."""
    text = shipped_models().joinpath(DEFAULT, "changed.json").read_text(encoding="utf-8")
    return ChangedModel.of_json(text, source=f"models/{DEFAULT}/changed.json")
