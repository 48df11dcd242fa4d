"""Networks trained with stable-audio-tools: its objectives, timestep samplers, shift and padding masks.

The network is called as the library calls its inner one (``ConditionedDiffusionModelWrapper.model``)::

    net(x, t, **inputs[, mask=valid])      x (n, channel, frame), t (n,), → as x

``inputs`` are the other arrays of the items' files, a row per item: what the library's ``get_conditioning_inputs``
gives. Objectives: ``v``: x_t = cos(tπ/2) x + sin(tπ/2) n, predicted cos(tπ/2) n - sin(tπ/2) x; ``rectified_flow`` and
``rf_denoiser``: x_t = (1 - t) x + t n, predicted n - x.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from ...errors import InputError, ParamsError
from ..draws import Draws
from .base import folder_of, opened_entries
from .diffusion import LatentsModel, Noised
from .given import json_of, made_by
from .items import Entry
from .pieces import Stack
from .timesteps import SAMPLERS, LogSnr, Shift

UNITS = {"v": "v-MSE", "rectified_flow": "flow-MSE", "rf_denoiser": "flow-MSE"}


@dataclass(frozen=True, slots=True)
class Objective:
    """What training did; names as in the library's configuration.

    Parameters
    ----------
    objective : str
        ``v``, ``rectified_flow`` or ``rf_denoiser``.
    sampler : str
        ``uniform``, ``logit_normal``, ``trunc_logit_normal`` or ``log_snr``.
    log_snr : LogSnr
        For that sampler.
    shift : Shift, optional
        Where levels were shifted by length. The library shifts by the length of what it is handed: latent frames where
        latents were made beforehand, else samples: give ``shift_length`` then.
    one_shot : float
        Share of draws at level 1.
    mask_padding, mask_padding_dropout : bool, float
        Whether padding was masked, for the network and in the loss, and the share of draws in which it was not.
    """

    objective: str = "v"
    sampler: str = "uniform"
    log_snr: LogSnr = field(default_factory=LogSnr)
    shift: Shift | None = None
    shift_length: int = 0
    one_shot: float = 0.0
    mask_padding: bool = False
    mask_padding_dropout: float = 0.0

    def __post_init__(self) -> None:
        for what, known in (("objective", UNITS), ("sampler", SAMPLERS)):
            if getattr(self, what) not in known:
                raise ParamsError(f"{what} is one of {', '.join(known)}; got {getattr(self, what)!r}")
        for what in ("one_shot", "mask_padding_dropout"):
            if not 0 <= getattr(self, what) <= 1:
                raise ParamsError(f"{what} is a share, 0 to 1; got {getattr(self, what)}")

    @classmethod
    def of_config(cls, config: Mapping[str, Any]) -> Objective:
        """From the library's ``model_config.json``; InputError for training that is not rebuilt here."""
        diffusion = config.get("model", {}).get("diffusion", {})
        training = config.get("training", {})
        if training.get("inpainting") or training.get("inpainting_config"):
            raise InputError("training with inpainting masks is not rebuilt: they are random parts of each item")
        options = training.get("timestep_sampler_options") or {}
        shift = diffusion.get("distribution_shift_options")
        return cls(
            diffusion.get("diffusion_objective", "v"),
            training.get("timestep_sampler", "uniform"),
            LogSnr(options.get("mean_logsnr", LogSnr().mean), options.get("std_logsnr", LogSnr().std)),
            Shift(**shift) if shift is not None else None,
            0,
            float(training.get("p_one_shot", 0.0)),
            bool(training.get("mask_padding", False)),
            float(training.get("mask_padding_dropout", 0.0)),
        )


class StableAudioTools(LatentsModel):
    """An adapter of a network trained with stable-audio-tools.

    Parameters
    ----------
    net : Module
        Called as above; none of its inputs may be random (no dropout of conditions).
    entries : sequence of Entry
        Their arrays are ``latents`` (channel, frame), perhaps ``length``, and the network's other inputs by name.
    objective : Objective
    n_channels : int
        Of the latents.
    """

    name = "stable-audio-tools"
    marks: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "attention": ("self_attn.",),
        "cross-attention": ("cross_attn.", "to_cond_embed."),
        "mlp": (".ff.",),
        "conditioning": ("to_timestep_embed.", "to_global_embed.", "to_cond_embed."),
    }

    def __init__(
        self,
        net: nn.Module,
        entries: Sequence[Entry],
        objective: Objective | None = None,
        *,
        n_channels: int = 64,
        keep: str | Path = "",
        device: str = "cpu",
    ) -> None:
        self.objective, self.n_channels = objective or Objective(), n_channels
        super().__init__(net, entries, settings={"objective": asdict(self.objective)}, keep=keep, device=device)
        self.loss_unit = UNITS[self.objective.objective]

    @classmethod
    def open(
        cls, *, model: str, factory: str, corpus: str = "", codes: str = "", shift_length: str = "", device: str = "cpu"
    ) -> Self:
        """The network that ``factory`` (``MODULE:FUNCTION`` or ``FILE.py:FUNCTION``) makes of the folder ``model``.

        The folder holds the library's ``model_config.json``, which says how it was trained; ``corpus`` is a manifest or
        folder, ``codes`` a folder of latents by id. Runs the code that is named. Raises InputError, ParamsError.
        """
        folder = folder_of(model, "model_config.json", adapter=cls.name)
        config = json_of(folder / "model_config.json")
        found = Objective.of_config(config)
        if shift_length:
            if not shift_length.isdigit():
                raise ParamsError(f"shift_length is a number of frames or samples; got {shift_length!r}")
            found = replace(found, shift_length=int(shift_length))
        channels = config.get("model", {}).get("io_channels", 64)
        return cls(made_by(factory, folder), opened_entries(corpus, codes), found, n_channels=channels, device=device)

    def _times(self, stack: Stack, draws: Draws) -> Tensor:
        how = self.objective
        times = SAMPLERS[how.sampler](draws.levels(stack.ids), how.log_snr)
        if how.shift is not None:
            times = how.shift.moved(times, how.shift_length or stack.main.shape[2])
        return torch.where(self._chances(stack, draws)[..., 0] < how.one_shot, 1.0, times)

    def _chances(self, stack: Stack, draws: Draws) -> Tensor:
        """Even numbers ``(n, draw, 2)``: for level 1, and for leaving the mask out."""
        return draws.uniform(stack.ids, (2,))

    def _rates(self, times: Tensor) -> tuple[Tensor, Tensor]:
        if self.objective.objective == "v":
            return torch.cos(times * (math.pi / 2)), torch.sin(times * (math.pi / 2))
        return 1 - times, times

    def _target(self, clean: Tensor, noise: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
        if self.objective.objective == "v":
            return super()._target(clean, noise, alpha, sigma)
        return noise - clean

    def _counted(self, stack: Stack, draws: Draws, *, mask_pad: bool) -> Tensor:
        rows = super()._counted(stack, draws, mask_pad=mask_pad)
        if mask_pad or not self.objective.mask_padding:
            return rows
        masked = self._chances(stack, draws)[..., 1] >= self.objective.mask_padding_dropout
        return stack.valid[:, None] | ~masked[..., None].to(self.device)

    def _denoised(self, noised: Noised, inputs: Mapping[str, Tensor]) -> Tensor:
        more = {"mask": noised.counted} if self.objective.mask_padding else {}
        found: Tensor = self.net(noised.rows, noised.times, **inputs, **more)
        return found

    def _inputs(self, entry: Entry, arrays: Mapping[str, Tensor], length: int) -> dict[str, Tensor]:
        return {name: value for name, value in arrays.items() if name not in {self.main, "length"}}
