"""The truth and the models that lie beside the code: one folder for each of the two reference models.

A folder has ``weights.safetensors`` and ``model.json`` (the model, its tunes) and ``truth.safetensors``: for each split
``members`` packed to bits, ``losses`` float32, ``queries`` as tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ...errors import InputError, IntegrityError
from ...files import shipped_models, write_atomically
from ...plugins import Batch
from ..cache import Cache
from ..context import Context
from ..metrics import Truth
from ..reference.adapters import DenoiserModel, TransformerModel
from ..reference.denoiser import DenoiserParams
from ..reference.stored import Trained, open_trained

TRUTH = "truth.safetensors"
FOLDERS = {"ar": "attribution-ar-v1", "diffusion": "attribution-diffusion-v1"}
"""Of the shipped models, by kind."""
Model = TransformerModel | DenoiserModel


@dataclass(frozen=True, eq=False, slots=True)
class Question:
    """What is asked of a model, and what retraining answered; ``queries`` ``(n_queries, LENGTH)``, outputs first."""

    truth: Truth
    queries: npt.NDArray[np.int64]
    n_outputs: int

    def batches(self, model: Any) -> list[Batch]:
        """Each query as a batch of one."""
        return [model.read({f"query-{i:03d}": tuple(int(t) for t in row)}) for i, row in enumerate(self.queries)]


def model_of(trained: Trained) -> Model:
    """The adapter for a trained reference model."""
    return DenoiserModel(trained) if isinstance(trained.params, DenoiserParams) else TransformerModel(trained)


def folder_of(kind: str) -> Any:
    """Where a kind's shipped model lies."""
    if kind not in FOLDERS:
        raise InputError(f"kind is one of {', '.join(FOLDERS)}; got {kind!r}")
    return shipped_models() / FOLDERS[kind]


def shipped_context(kind: str, cache: Cache | None = None) -> Context:
    """The shipped model of a kind with its corpus."""
    model: Any = model_of(open_trained(folder_of(kind)))
    return Context(model, model.trained.corpus, cache or Cache())


def write_truth(path: Path, questions: Mapping[str, Question]) -> None:
    """All splits into one file."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, question in questions.items():
        arrays[f"{name}.members"] = np.packbits(question.truth.members, axis=1)
        arrays[f"{name}.losses"] = question.truth.losses.astype(np.float32)
        arrays[f"{name}.queries"] = question.queries.astype(np.uint8)
        arrays[f"{name}.counts"] = np.array([question.truth.members.shape[1], question.n_outputs], np.int32)
    with write_atomically(path) as file:
        file.write(save(arrays))


def read_truth(path: Any, split: str) -> Question:
    """A split of a file; InputError where there is none, IntegrityError where the file is damaged."""
    try:
        arrays = load(path.read_bytes())
    except OSError as error:
        raise InputError(f"there is no truth in {path}: {error.strerror}; make it with retrain") from error
    except SafetensorError as error:
        raise IntegrityError(f"the truth in {path} is damaged: {error}; make it again") from error
    if f"{split}.losses" not in arrays:
        raise InputError(f"{path} has no split {split!r}")
    n_items, n_outputs = (int(n) for n in arrays[f"{split}.counts"])
    members = np.unpackbits(arrays[f"{split}.members"], axis=1, count=n_items).astype(bool)
    return Question(Truth(members, arrays[f"{split}.losses"]), arrays[f"{split}.queries"].astype(np.int64), n_outputs)


def shipped_question(kind: str, split: str = "report") -> Question:
    """The shipped truth of a kind."""
    return read_truth(folder_of(kind) / TRUTH, split)
