"""The training loop: the same weights for the same settings on one machine, however often it was interrupted."""

from __future__ import annotations

import copy
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from ..embed.net import Ensemble, build
from .batches import Batch, Material, Side, draw
from .config import Stage, TrainParams
from .disturb import disturbed
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
    workers: int = 0
    """Processes that draw batches ahead; 0: they are drawn when they are needed. The batches are the same."""


def train_network(run: Run) -> Ensemble:
    """Train from the beginning or from the last checkpoint; the network that is to be kept.

    Every ``checkpoint_every`` steps the state goes to disk; every ``evaluate_every`` the network is measured, a line
    in ``log.jsonl``. The kept network is the running average of the weights where the settings ask for one.
    """
    params = run.params
    device = _device(params)
    torch.manual_seed(params.seed)
    net: Ensemble = build(params.network).to(device)
    average = copy.deepcopy(net) if params.average else None
    optimiser = _optimiser(net, params)
    path = run.folder / CHECKPOINT
    start = load_state(path, net, optimiser, average, params.digest()) if path.is_file() else 0
    trim_log(run.folder / LOG, start)
    if start:
        run.progress(f"going on from step {start}")
    for step, batch in enumerate(batches(run, start), start=start):
        loss = _step(run, net, optimiser, step, batch)
        if average is not None:
            _follow(average, net, params.average, step)
        done = step + 1
        if done % params.evaluate_every == 0 or done == params.steps:
            kept = average if average is not None else net
            row = {"step": done, "loss": float(loss), **run.evaluate(kept)}
            append_log(run.folder / LOG, row)
            run.progress(" ".join(f"{k} {v:.4g}" for k, v in row.items()))
            net.train()
        if done % params.checkpoint_every == 0 or done == params.steps:
            save_state(path, done, net, optimiser, average, params.digest())
    return average if average is not None else net


def _device(params: TrainParams) -> torch.device:
    """Where the settings have it, set to give the same numbers again as far as that device can."""
    torch.set_num_threads(params.threads or torch.get_num_threads())
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    if params.device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(params.device)


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


class _Steps(Dataset[Batch]):  # type: ignore[misc]
    """The batches of one stage's steps, for processes that draw them ahead."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def __getitem__(self, step: int) -> Batch:
        return batch_at(self._run, step)


def batches(run: Run, start: int) -> Iterator[Batch]:
    """The batches from ``start`` to the last step, stage by stage, so that a stage's material is loaded only once."""
    first = 0
    for stage in run.params.stages:
        steps = range(max(start, first), first + stage.steps)
        first += stage.steps
        if not steps:
            continue
        run.material(stage)  # before there are further processes: they share it
        if run.workers == 0:
            yield from (batch_at(run, step) for step in steps)
        else:
            yield from DataLoader(
                _Steps(run),
                batch_size=None,
                sampler=steps,
                num_workers=run.workers,
                prefetch_factor=4,
                multiprocessing_context="fork",
            )


def _step(run: Run, net: Ensemble, optimiser: torch.optim.Optimizer, step: int, batch: Batch) -> Tensor:
    params = run.params
    for group in optimiser.param_groups:
        group["lr"] = learning_rate(params, step)
    first, second = (_moments(net, side, half=params.half) for side in (batch.first, batch.second))
    loss = loss_of(params.loss)(net.pooled(first), net.pooled(second), params.temperature)
    if params.segment_weight:
        loss = loss + params.segment_weight * segment_contrast(net, first, second, params.temperature)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 5.0)
    optimiser.step()
    return loss.detach()


def _moments(net: Ensemble, side: Side, *, half: bool) -> Tensor:
    device = next(net.parameters()).device
    levels = disturbed(side.crops.to(device), side.lengths.to(device), side.n_frames, side.how, side.seed)
    with torch.autocast(device.type, torch.bfloat16, enabled=half):
        moments = net(levels)
    return moments.float()


@torch.no_grad()
def _follow(average: Ensemble, net: Ensemble, decay: float, step: int) -> None:
    """Move the running average towards the network; quickly at first."""
    keep = min(decay, (1 + step) / (10 + step))
    pairs = list(zip(average.state_dict().values(), net.state_dict().values(), strict=True))
    moving = [pair for pair in pairs if pair[0].dtype.is_floating_point]
    torch._foreach_lerp_([kept for kept, _ in moving], [now for _, now in moving], 1 - keep)
    for kept, now in pairs:
        if not kept.dtype.is_floating_point:
            kept.copy_(now)
