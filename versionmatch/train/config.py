"""The settings of a training run: one TOML file that reproduces a model's weights."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..factory.pool import PoolSpec
from ..params import Params, check
from .batches import CropPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage(Params):
    """Some steps of the curriculum.

    Parameters
    ----------
    steps : int
    pools : mapping of str to float
        Pool → how likely a version is taken from it, against the others.
    real : float
        Share of pairs from unlabelled recordings.
    disturbance : float
        How far crops are disturbed, 0 to 1.
    """

    steps: int
    pools: Mapping[str, float]
    real: float = 0.0
    disturbance: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "pools", dict(self.pools))
        check(self.steps >= 1, "steps", self.steps, "1 or more")
        check(bool(self.pools) and all(v > 0 for v in self.pools.values()), "pools", self.pools, "shares above 0")
        check(0 <= self.real < 1, "real", self.real, "from 0 to below 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainParams(Params):
    """Settings of ``train``.

    Parameters
    ----------
    id : str
        Of the model.
    network : mapping
        Of ``embed.net.build``; ``members`` networks are trained, each from its own seed, and put side by side.
    pools, stages : tuple
        The material and the curriculum.
    seed : int
        Of the first member's weights and of every batch; a step's batch depends on nothing else.
        Member ``k`` has ``seed + k``.
    loss, temperature, segment_weight : str, float, float
        ``nt-xent``, ``triplet`` or ``clews`` on whole crops and its constant; the weight of the same contrast
        between the best matching segments of two crops.
    learning_rate, weight_decay, warm_up, average : float, float, int, float
        AdamW's, with a cosine to 2 %; steps to the full rate; decay of the running average of the weights that is
        kept as the model, 0 for none.
    half : bool
        Whether to compute in bfloat16 where that is safe.
    threads : int
        0: all cores.
    device : str
        ``cpu``, ``cuda``, or ``auto``.
    checkpoint_every, evaluate_every : int
        Steps.
    crops : CropPlan
    """

    id: str
    network: Mapping[str, int]
    pools: tuple[PoolSpec, ...]
    stages: tuple[Stage, ...]
    seed: int = 440
    loss: str = "nt-xent"
    temperature: float = 0.1
    segment_weight: float = 0.0
    learning_rate: float = 2e-3
    weight_decay: float = 1e-3
    warm_up: int = 50
    average: float = 0.0
    half: bool = True
    threads: int = 1
    device: str = "auto"
    checkpoint_every: int = 200
    evaluate_every: int = 400
    crops: CropPlan = field(default_factory=CropPlan)

    def __post_init__(self) -> None:
        known = {pool.name for pool in self.pools if not pool.held_out}
        for stage in self.stages:
            missing = sorted(set(stage.pools) - known)
            check(not missing, "stage.pools", missing, f"names of pools to learn from: {', '.join(sorted(known))}")
        check(bool(self.stages), "stages", self.stages, "one stage or more")
        check(self.temperature > 0, "temperature", self.temperature, "above 0")
        check(0 <= self.average < 1, "average", self.average, "from 0 to below 1")
        check(self.device in {"auto", "cpu", "cuda"}, "device", self.device, "'auto', 'cpu' or 'cuda'")

    @property
    def members(self) -> int:
        """How many networks are trained."""
        return int(self.network.get("members", 1))

    def of_member(self, member: int) -> TrainParams:
        """The settings of one member alone."""
        return replace(self, seed=self.seed + member, network={**self.network, "members": 1})

    @property
    def steps(self) -> int:
        """Of all stages together."""
        return sum(stage.steps for stage in self.stages)

    def stage_at(self, step: int) -> Stage:
        """The stage that a step belongs to."""
        for stage in self.stages:
            if step < stage.steps:
                return stage
            step -= stage.steps
        return self.stages[-1]


def read_config(path: Path) -> TrainParams:
    """The settings in a TOML file; InputError or ParamsError names what is wrong in it."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"the configuration {path} cannot be read: {error.strerror}; check its path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not TOML: {error}") from error
    return of_config(data)


def of_config(data: Mapping[str, Any]) -> TrainParams:
    """The settings of a TOML file's content."""
    values = dict(data)
    values["pools"] = tuple(PoolSpec.of(pool) for pool in values.get("pools", ()))
    values["stages"] = tuple(Stage.of(stage) for stage in values.get("stages", ()))
    if "crops" in values:
        crops: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values["crops"].items()}
        values["crops"] = CropPlan(**crops)
    return TrainParams.of(values)
