"""A run's state on disk: enough to go on after a kill as if nothing had happened, bit for bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from ..embed.net import Ensemble
from ..errors import IntegrityError
from ..files import write_atomically


def save_state(
    path: Path, step: int, net: Ensemble, optimiser: torch.optim.Optimizer, average: Ensemble | None, digest: str
) -> None:
    """Weights, running statistics, the optimiser's moments and the step, in one safetensors file."""
    tensors = {f"net.{k}": v for k, v in net.state_dict().items()}
    if average is not None:
        tensors.update({f"average.{k}": v for k, v in average.state_dict().items()})
    for index, moments in optimiser.state_dict()["state"].items():
        tensors.update({f"optimiser.{index}.{name}": torch.as_tensor(value) for name, value in moments.items()})
    content = {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}
    with write_atomically(path) as file:
        file.write(save(content, metadata={"step": str(step), "config": digest}))


def load_state(
    path: Path, net: Ensemble, optimiser: torch.optim.Optimizer, average: Ensemble | None, digest: str
) -> int:
    """Put a state back and return its step; IntegrityError where it is damaged or of other settings."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except (SafetensorError, OSError) as error:
        raise IntegrityError(f"the checkpoint {path} is damaged: {error}; delete it to begin again") from error
    if metadata["config"] != digest:
        raise IntegrityError(f"the checkpoint {path} is of other settings; give the run a folder of its own")
    net.load_state_dict(_under(tensors, "net."))
    if average is not None:
        average.load_state_dict(_under(tensors, "average."))
    state: dict[int, dict[str, Any]] = {}
    for name, value in _under(tensors, "optimiser.").items():
        index, _, moment = name.partition(".")
        state.setdefault(int(index), {})[moment] = value
    current = optimiser.state_dict()
    optimiser.load_state_dict({"state": state, "param_groups": current["param_groups"]})
    return int(metadata["step"])


def _under(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def append_log(path: Path, row: dict[str, float]) -> None:
    """One more line of the run's log, JSON; rows behind a resumed step were dropped by ``trim_log``."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def trim_log(path: Path, step: int) -> list[dict[str, float]]:
    """The rows before ``step``; those behind are taken out of the file, as they will be written again."""
    if not path.is_file():
        return []
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.endswith("}")]
    kept = [row for row in rows if row["step"] <= step]
    with write_atomically(path) as file:
        file.write("".join(json.dumps(row) + "\n" for row in kept).encode())
    return kept
