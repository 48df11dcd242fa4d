"""AudioLDM 2 of diffusers: the UNet is attributed to; autoencoder, CLAP, T5 and GPT-2 are run once per item.

Training [1]_ takes a step t of the scheduler's, all alike, x_t = √ᾱ_t x + √(1 - ᾱ_t) n, and predicts what the
scheduler's ``prediction_type`` names: n (``epsilon``), √ᾱ_t n - √(1 - ᾱ_t) x (``v_prediction``) or x (``sample``).

References
----------
.. [1] Liu et al., "AudioLDM 2: learning holistic audio generation with self-supervised pretraining", 2023.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from ...errors import InputError
from ..draws import Draws
from .base import folder_of, library, one_file, opened_entries, plain_config, seconds_of
from .diffusion import LatentsModel, Noised
from .items import Entry
from .mel import MelSpec, log_mel
from .parts import outputs_of
from .pieces import PieceBatch, Stack
from .sound import read_clip

UNITS = {"epsilon": "epsilon-MSE", "v_prediction": "v-MSE", "sample": "latent-MSE"}
FROZEN = ("vae", "text_encoder", "text_encoder_2", "projection_model", "language_model")
HIDDEN_STEP = 0.3
"""The share of the scheduler's steps at which the network's states are taken, without noise."""


class AudioLdm2(LatentsModel):
    """An adapter of ``AudioLDM2UNet2DConditionModel``.

    Parameters
    ----------
    unet, scheduler
        The library's; the scheduler has ``alphas_cumprod`` and a ``prediction_type``.
    entries : sequence of Entry
        Their arrays are ``latents`` (channel, frame, band), scaled as the network sees them, and perhaps ``length``,
        ``prompt_embeds`` (token, dim) and ``generated_prompt_embeds`` (token, dim).
    pipeline : optional
        The library's ``AudioLDM2Pipeline``, for prompts; ``vae`` alone is enough for sound with stored embeddings.
    seconds : float
        The window that sound is padded to; 0: that of the network.
    """

    name = "audioldm2"
    n_axes = 3
    ragged = frozenset({"prompt_embeds"})
    marks: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "attention": (".attn1.",),
        "cross-attention": (".attn2.",),
        "mlp": (".ff.",),
        "conditioning": ("time_embedding.", "time_emb_proj."),
        "down": ("down_blocks.",),
        "middle": ("mid_block.",),
        "up": ("up_blocks.",),
    }
    capabilities = LatentsModel.capabilities | {"hidden"}

    def __init__(
        self,
        unet: Any,
        scheduler: Any,
        entries: Sequence[Entry],
        *,
        pipeline: Any = None,
        vae: Any = None,
        seconds: float = 0.0,
        keep: str | Path = "",
        device: str = "cpu",
    ) -> None:
        frozen = {name: getattr(pipeline, name, None) for name in FROZEN} | ({"vae": vae} if vae is not None else {})
        self._kind = scheduler.config.prediction_type
        if self._kind not in UNITS or not hasattr(scheduler, "alphas_cumprod"):
            raise InputError(
                f"{self.name} knows the prediction types {', '.join(UNITS)}, of a scheduler with alphas_cumprod; got "
                f"{self._kind!r} of {type(scheduler).__name__}"
            )
        super().__init__(
            unet,
            entries,
            frozen=frozen,
            settings={
                "config": plain_config(unet.config),
                "prediction": self._kind,
                "levels": scheduler.alphas_cumprod.double().tolist(),
                "seconds": seconds,
            },
            keep=keep,
            device=device,
        )
        self._share = scheduler.alphas_cumprod.to(device, torch.float32)
        self.loss_unit, self.n_channels, self._seconds = UNITS[self._kind], unet.config.in_channels, seconds
        self._pipeline = pipeline
        self.mel = _mel_of(getattr(pipeline, "vocoder", None))

    @classmethod
    def open(
        cls, *, model: str, corpus: str = "", codes: str = "", keep: str = "", seconds: str = "", device: str = "cpu"
    ) -> Self:
        """A pipeline that ``save_pretrained`` left in the folder ``model``; ``unet`` and ``scheduler`` must be there.

        ``corpus`` is a manifest or folder of the items, ``codes`` a folder of their latents by id, ``keep`` a folder in
        which encoded items are kept. Raises MissingExtra, InputError, ParamsError.
        """
        diffusers = library("diffusers", needed_by=cls.name)
        folder = folder_of(model, "unet/config.json", adapter=cls.name)
        entries, window = opened_entries(corpus, codes), seconds_of(seconds)
        if (folder / "model_index.json").is_file():
            pipe = diffusers.AudioLDM2Pipeline.from_pretrained(folder, local_files_only=True, low_cpu_mem_usage=False)
            unet, scheduler, vae = pipe.unet, pipe.scheduler, pipe.vae
        else:
            folder_of(model, "scheduler/scheduler_config.json", adapter=cls.name)
            pipe, how = None, {"local_files_only": True, "low_cpu_mem_usage": False}
            unet = diffusers.AudioLDM2UNet2DConditionModel.from_pretrained(folder / "unet", **how)
            scheduler = diffusers.DDIMScheduler.from_pretrained(folder / "scheduler", local_files_only=True)
            there = (folder / "vae" / "config.json").is_file()
            vae = diffusers.AutoencoderKL.from_pretrained(folder / "vae", **how) if there else None
        found = cls(unet, scheduler, entries, pipeline=pipe, vae=vae, seconds=window, keep=keep, device=device)
        found.weights_file = one_file(folder / "unet", "diffusion_pytorch_model.safetensors")
        return found

    def _times(self, stack: Stack, draws: Draws) -> Tensor:
        return (draws.levels(stack.ids) * len(self._share)).floor().long()

    def _rates(self, times: Tensor) -> tuple[Tensor, Tensor]:
        return self._share[times].sqrt(), (1 - self._share[times]).sqrt()

    def _target(self, clean: Tensor, noise: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
        if self._kind == "epsilon":
            return noise
        return clean if self._kind == "sample" else super()._target(clean, noise, alpha, sigma)

    def _denoised(self, noised: Noised, inputs: Mapping[str, Tensor]) -> Tensor:
        found: Tensor = self.net(
            noised.rows,
            noised.times,
            encoder_hidden_states=inputs["generated_prompt_embeds"],
            encoder_hidden_states_1=inputs["prompt_embeds"],
            encoder_attention_mask_1=inputs["prompt_embeds_mask"],
            return_dict=False,
        )[0]
        return found

    @torch.no_grad()
    def hidden(self, batch: PieceBatch) -> Tensor:
        """The mean over places of the middle block's states, three tenths up the scheduler's steps, without noise."""
        net: Any = self.net
        return batch.in_order([outputs_of(net.mid_block, self._still, stack).mean((2, 3)) for stack in batch.stacks])

    def _still(self, stack: Stack) -> None:
        times = torch.full((len(stack.ids),), int(HIDDEN_STEP * len(self._share)), device=self.device)
        alpha, _ = self._rates(times)
        self._denoised(Noised(alpha[:, None, None, None] * stack.main, times, stack.main, stack.valid), stack.inputs)

    def _heard(self, entry: Entry) -> dict[str, Tensor]:
        codec: Any = self.frozen.get("vae")
        if codec is None:
            return super()._heard(entry)
        net: Any = self.net
        factor = 2 ** (len(codec.config.block_out_channels) - 1)
        window = self._seconds or net.config.sample_size * factor * self.mel.hop / self.mel.sr
        clip = read_clip(entry, sr=self.mel.sr, channels=1, window=window, multiple=self.mel.hop * factor)
        bands = log_mel(clip.samples[0], self.mel)[None, None].to(self.device)
        latents = codec.encode(bands).latent_dist.mode()[0].cpu() * codec.config.scaling_factor
        frames = math.ceil(clip.music / (self.mel.hop * factor))
        return {"latents": latents, "length": torch.tensor(min(frames, latents.shape[1]))}

    def _inputs(self, entry: Entry, arrays: Mapping[str, Tensor], length: int) -> dict[str, Tensor]:
        names = ("prompt_embeds", "generated_prompt_embeds")
        if all(name in arrays for name in names):
            return {name: arrays[name].float() for name in names}
        if self._pipeline is None:
            raise InputError(
                f"item {entry.id!r} has no {' and '.join(names)}, and the model no text encoders; write them to the "
                f"item's file, or save the whole pipeline"
            )
        states, mask, generated = self._pipeline.encode_prompt([entry.text], self.device, 1, False)
        return {"prompt_embeds": states[0][mask[0].bool()], "generated_prompt_embeds": generated[0]}


def _mel_of(vocoder: Any) -> MelSpec:
    """The front end that the vocoder undoes; AudioLDM 2's own where there is none."""
    if vocoder is None:
        return MelSpec()
    config = vocoder.config
    return MelSpec(config.sampling_rate, math.prod(config.upsample_rates), bands=config.model_in_dim)
