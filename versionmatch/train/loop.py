"""The training loop: the same weights for the same settings on one machine, however often it was interrupted."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..embed.net import Ensemble, build
from .batches import Batch, Material, draw
from .config import Stage, TrainParams
from .loss import loss_of, segment_contrast
from .state import append_log, load_state, save_state, trim_log

Evaluate = Callable[[Ensemble], dict[str, float]]
CHECKPOINT, LOG = "state.safetensors", "log.jsonl"


@dataclass(slots=True)
class Run:
    """One run: its settings, its folder, the material of each stage, and what is measured as it goes."""

    params: TrainParams
    folder: Path
    material: Callable[[Stage], Material]
    evaluate: Evaluate
    progress: Callable[[str], None] = lambda _: None


def train_network(run: Run) -> Ensemble:
    """Train from the beginning or from the last checkpoint; the network that is to be kept.

    Every ``checkpoint_every`` steps the state goes to disk; every ``evaluate_every`` the network is measured, a line
    in ``log.jsonl``. The kept network is the running average of the weights where the settings ask for one.
    """
    params = run.params
    torch.set_num_threads(params.threads or torch.get_num_threads())
    torch.use_deterministic_algorithms(True, warn_only=True)
    device = _device(params.device)
    torch.manual_seed(params.seed)
    net: Ensemble = build(params.network).to(device)
    average = copy.deepcopy(net) if params.average else None
    optimiser = _optimiser(net, params)
    path = run.folder / CHECKPOINT
    start = load_state(path, net, optimiser, average, params.digest()) if path.is_file() else 0
    trim_log(run.folder / LOG, start)
    if start:
        run.progress(f"going on from step {start}")
    for step in range(start, params.steps):
        loss = _step(run, net, optimiser, step, device)
        if average is not None:
            _follow(average, net, params.average, step)
        done = step + 1
        if done % params.evaluate_every == 0 or done == params.steps:
            kept = average if average is not None else net
            row = {"step": done, "loss": loss, **run.evaluate(kept)}
            append_log(run.folder / LOG, row)
            run.progress(" ".join(f"{k} {v:.4g}" for k, v in row.items()))
            net.train()
        if done % params.checkpoint_every == 0 or done == params.steps:
            save_state(path, done, net, optimiser, average, params.digest())
    return average if average is not None else net


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(name)


def _optimiser(net: Ensemble, params: TrainParams) -> torch.optim.Optimizer:
    """AdamW; vectors and single numbers (norms, biases, the pooling's power) do not decay."""
    matrices = [p for p in net.parameters() if p.dim() >= 2]
    rest = [p for p in net.parameters() if p.dim() < 2]
    groups = [{"params": matrices, "weight_decay": params.weight_decay}, {"params": rest, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=params.learning_rate)


def learning_rate(params: TrainParams, step: int) -> float:
    """A short rise, then a cosine down to a fiftieth."""
    rise = min(1.0, (step + 1) / max(1, params.warm_up))
    fall = 0.5 * (1 + math.cos(math.pi * step / params.steps))
    return params.learning_rate * rise * (0.98 * fall + 0.02)


def batch_at(run: Run, step: int) -> Batch:
    """The batch of a step; it depends on the seed and the step alone."""
    stage = run.params.stage_at(step)
    rng = np.random.default_rng([run.params.seed, step])
    return draw(run.material(stage), rng, stage.pools, run.params.crops, real=stage.real, disturbance=stage.disturbance)


def _step(run: Run, net: Ensemble, optimiser: torch.optim.Optimizer, step: int, device: torch.device) -> float:
    params = run.params
    for group in optimiser.param_groups:
        group["lr"] = learning_rate(params, step)
    batch = batch_at(run, step)
    first, second = (_moments(net, side, device, half=params.half) for side in (batch.first, batch.second))
    loss = loss_of(params.loss)(net.pooled(first), net.pooled(second), params.temperature)
    if params.segment_weight:
        loss = loss + params.segment_weight * segment_contrast(net, first, second, params.temperature)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 5.0)
    optimiser.step()
    return float(loss.detach())


def _moments(net: Ensemble, levels: np.ndarray, device: torch.device, *, half: bool) -> Tensor:
    with torch.autocast(device.type, torch.bfloat16, enabled=half):
        moments = net(torch.from_numpy(levels).to(device))
    return moments.float()


@torch.no_grad()
def _follow(average: Ensemble, net: Ensemble, decay: float, step: int) -> None:
    """Move the running average towards the network; quickly at first."""
    keep = min(decay, (1 + step) / (10 + step))
    for kept, now in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if kept.dtype.is_floating_point:
            kept.lerp_(now, 1 - keep)
        else:
            kept.copy_(now)
