"""Stable Audio of diffusers: the DiT is attributed to; Oobleck, T5 and the projection are run once per item.

The v-objective of training [1]_: a level t is even in 0 to 1, x_t = cos(tπ/2) x + sin(tπ/2) n, and the network predicts
cos(tπ/2) n - sin(tπ/2) x. That is what the pipeline's scheduler inverts.

References
----------
.. [1] Evans et al., "Stable Audio Open", 2024.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from ...errors import InputError
from .base import folder_of, library, one_file, opened_entries, plain_config, seconds_of
from .diffusion import LatentsModel, Noised
from .items import Entry
from .parts import Parts, outputs_of
from .pieces import PieceBatch, Stack
from .sound import read_clip

HIDDEN_LEVEL = 0.3
"""The level of noise at which the network's states are taken, without noise."""


class StableAudio(LatentsModel):
    """An adapter of ``StableAudioDiTModel``.

    Parameters
    ----------
    net
        The library's ``StableAudioDiTModel``; it is put into float32.
    entries : sequence of Entry
        Their arrays are ``latents`` (channel, frame), and perhaps ``length``, ``seconds_start``, ``seconds_total``, or
        what the encoders would make: ``encoder_hidden_states`` (token, dim) with ``global_hidden_states`` (1, dim).
    parts : Parts
        Codec, text encoder, tokenizer and projection, where they are there.
    seconds : float
        The window that sound is padded to; 0: that of the network.
    """

    name = "stable-audio"
    loss_unit = "v-MSE"
    marks: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "attention": (".attn1.",),
        "cross-attention": (".attn2.", "cross_attention_proj."),
        "mlp": (".ff.",),
        "conditioning": ("timestep_proj.", "global_proj.", "cross_attention_proj."),
        "exit": ("proj_out.", "postprocess_conv."),
    }
    capabilities = LatentsModel.capabilities | {"hidden"}

    def __init__(
        self,
        net: Any,
        entries: Sequence[Entry],
        *,
        parts: Parts | None = None,
        seconds: float = 0.0,
        keep: str | Path = "",
        device: str = "cpu",
    ) -> None:
        self.parts = parts or Parts()
        super().__init__(
            net,
            entries,
            frozen=self.parts.modules(),
            settings={"config": plain_config(net.config), "seconds": seconds},
            keep=keep,
            device=device,
        )
        self._seconds, self.n_channels = seconds, net.config.in_channels
        self._rotary = library("diffusers.models.embeddings", needed_by=self.name).get_1d_rotary_pos_embed

    @classmethod
    def open(
        cls, *, model: str, corpus: str = "", codes: str = "", keep: str = "", seconds: str = "", device: str = "cpu"
    ) -> Self:
        """A pipeline that ``save_pretrained`` left in the folder ``model``; only ``transformer`` must be there.

        ``corpus`` is a manifest or folder of the items, ``codes`` a folder of their latents by id, ``keep`` a folder in
        which encoded items are kept. Raises MissingExtra, InputError, ParamsError.
        """
        diffusers = library("diffusers", needed_by=cls.name)
        folder = folder_of(model, "transformer/config.json", adapter=cls.name)
        entries, window = opened_entries(corpus, codes), seconds_of(seconds)
        net = diffusers.StableAudioDiTModel.from_pretrained(
            folder / "transformer", local_files_only=True, low_cpu_mem_usage=False
        )
        parts = Parts.stable_audio(folder, needed_by=cls.name)
        found = cls(net, entries, parts=parts, seconds=window, keep=keep, device=device)
        found.weights_file = one_file(folder / "transformer", "diffusion_pytorch_model.safetensors")
        return found

    def _rates(self, times: Tensor) -> tuple[Tensor, Tensor]:
        return torch.cos(times * (math.pi / 2)), torch.sin(times * (math.pi / 2))

    def _denoised(self, noised: Noised, inputs: Mapping[str, Tensor]) -> Tensor:
        net: Any = self.net
        turns = self._rotary(
            net.config.attention_head_dim // 2, noised.rows.shape[2] + 1, use_real=True, repeat_interleave_real=False
        )
        found: Tensor = net(
            noised.rows,
            noised.times,
            encoder_hidden_states=inputs["encoder_hidden_states"],
            global_hidden_states=inputs["global_hidden_states"],
            rotary_embedding=tuple(turn.to(self.device) for turn in turns),
            return_dict=False,
        )[0]
        return found

    @torch.no_grad()
    def hidden(self, batch: PieceBatch) -> Tensor:
        """The mean over places of the middle block's states, at level 0.3 without noise."""
        net: Any = self.net
        block: nn.Module = net.transformer_blocks[(len(net.transformer_blocks) - 1) // 2]
        return batch.in_order([outputs_of(block, self._still, stack).mean(1) for stack in batch.stacks])

    def _still(self, stack: Stack) -> None:
        times = torch.full((len(stack.ids),), HIDDEN_LEVEL, device=self.device)
        alpha, _ = self._rates(times)
        self._denoised(Noised(alpha[:, None, None] * stack.main, times, stack.main, stack.valid), stack.inputs)

    def _heard(self, entry: Entry) -> dict[str, Tensor]:
        codec: Any = self.frozen.get("codec")
        if codec is None:
            return super()._heard(entry)
        net: Any = self.net
        config, hop = codec.config, codec.hop_length
        window = self._seconds or net.config.sample_size * hop / config.sampling_rate
        clip = read_clip(entry, sr=config.sampling_rate, channels=config.audio_channels, window=window, multiple=hop)
        latents = codec.encode(clip.samples[None].to(self.device)).latent_dist.mode()[0].cpu()
        return {
            "latents": latents,
            "length": torch.tensor(min(math.ceil(clip.music / hop), latents.shape[1])),
            "seconds_start": torch.tensor(clip.start),
            "seconds_total": torch.tensor(clip.total),
        }

    def _inputs(self, entry: Entry, arrays: Mapping[str, Tensor], length: int) -> dict[str, Tensor]:
        names = ("encoder_hidden_states", "global_hidden_states")
        if all(name in arrays for name in names):
            return {name: arrays[name].float() for name in names}
        if not {"text", "projection"} <= set(self.frozen) or self.parts.tokenizer is None:
            raise InputError(
                f"item {entry.id!r} has no {' and '.join(names)}, and the model no text encoder, tokenizer and "
                f"projection; write them to the item's file, or save the whole pipeline"
            )
        text = self.parts.padded_text(entry.text, self.device)  # (1, token, dim), 0 behind the text
        projection: Any = self.frozen["projection"]
        start, total = self._timing(entry, arrays, length)
        given = projection(
            text_hidden_states=text[0],
            start_seconds=torch.tensor([start], device=self.device),
            end_seconds=torch.tensor([total], device=self.device),
        )
        words = given.text_hidden_states * text[1][..., None]
        ends = (given.seconds_start_hidden_states, given.seconds_end_hidden_states)
        return {
            "encoder_hidden_states": torch.cat([words, *ends], 1)[0],
            "global_hidden_states": torch.cat(ends, 2)[0],
        }

    def _timing(self, entry: Entry, arrays: Mapping[str, Tensor], length: int) -> tuple[float, float]:
        start = float(arrays.get("seconds_start", torch.tensor(entry.start)))
        if "seconds_total" in arrays:
            return start, float(arrays["seconds_total"])
        codec: Any = self.frozen.get("codec")
        if codec is None and not entry.seconds:
            raise InputError(
                f"item {entry.id!r}: how long is it? give seconds_total in its file, or the column seconds"
            )
        return start, entry.seconds or length * codec.hop_length / codec.config.sampling_rate
