"""MusicGen of transformers: the decoder is attributed to; text encoder and EnCodec are run once per item.

Codes are predicted in the delay pattern [1]_: codebook k is k places late, so an item of T frames has T + K - 1 places,
and those that a codebook leaves empty hold the padding token and are not counted, as in the library's ``labels`` loss.

References
----------
.. [1] Copet et al., "Simple and controllable music generation", 2023.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from ...errors import InputError
from .autoregressive import CodesModel, Predicted
from .base import folder_of, library, one_file, opened_entries, plain_config, seconds_of
from .items import Entry
from .pieces import PieceBatch, Stack
from .sound import read_clip


class Decoder(nn.Module):
    """MusicGen's decoder with the projection of the text's states: all of it that is trained."""

    def __init__(self, decoder: nn.Module, projection: nn.Module | None) -> None:
        super().__init__()
        self.decoder, self.projection = decoder, projection

    def states(self, codes: Tensor, text: Tensor, text_mask: Tensor) -> Tensor:
        """States before the heads ``(n, place, dim)`` of codes ``(n, codebook, place)``."""
        text = text if self.projection is None else self.projection(text)
        text = text * text_mask[..., None]
        rows = codes.reshape(-1, codes.shape[-1])
        core: Any = self.decoder.model
        found: Tensor = core(
            rows, encoder_hidden_states=text, encoder_attention_mask=text_mask, use_cache=False
        ).last_hidden_state
        return found

    def logits(self, states: Tensor) -> Tensor:  # (n, codebook, place, code)
        heads: Any = self.decoder.lm_heads
        return torch.stack([head(states) for head in heads], 1)


class MusicGen(CodesModel):
    """An adapter of ``MusicgenForConditionalGeneration``.

    Parameters
    ----------
    model
        The library's model; it is put into float32.
    entries : sequence of Entry
        Their arrays are ``codes`` (codebook, frame), and perhaps ``length``, ``text_states`` (token, dim) or
        ``text_ids`` (token,); else sound, for the model's EnCodec.
    tokenizer : optional
        The library's, for prompts.
    seconds : float
        Sound is padded with silence to this; 0: not.
    """

    name = "musicgen"
    ragged = frozenset({"text_states"})
    marks: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "attention": ("self_attn.",),
        "cross-attention": ("encoder_attn.", "projection."),
        "mlp": (".fc1.", ".fc2."),
        "head": ("lm_heads.",),
        "embedding": ("embed_tokens.",),
    }
    capabilities = CodesModel.capabilities | {"hidden"}

    def __init__(
        self,
        model: Any,
        entries: Sequence[Entry],
        *,
        tokenizer: Any = None,
        seconds: float = 0.0,
        keep: str | Path = "",
        device: str = "cpu",
    ) -> None:
        config = model.config.decoder
        projected = model.text_encoder.config.hidden_size != config.hidden_size
        projection = model.enc_to_dec_proj if projected and not config.cross_attention_hidden_size else None
        super().__init__(
            Decoder(model.decoder, projection),
            entries,
            frozen={"text": model.text_encoder, "codec": model.audio_encoder},
            settings={"config": plain_config(config.to_dict()), "seconds": seconds},
            keep=keep,
            device=device,
        )
        self._tokenizer, self._seconds = tokenizer, seconds
        self.n_codebooks, self.n_codes = config.num_codebooks, config.vocab_size
        self._pad = config.vocab_size if config.pad_token_id is None else config.pad_token_id
        self._channels = config.audio_channels
        start = getattr(config, "decoder_start_token_id", None)
        self._start = config.bos_token_id if start is None else start

    @classmethod
    def open(
        cls, *, model: str, corpus: str = "", codes: str = "", keep: str = "", seconds: str = "", device: str = "cpu"
    ) -> Self:
        """A model that ``save_pretrained`` left in the folder ``model``; where there are prompts, with its tokenizer.

        ``corpus`` is a manifest or folder of the items, ``codes`` a folder of their arrays by id, ``keep`` a folder in
        which encoded items are kept. Raises MissingExtra, InputError, ParamsError.
        """
        transformers = library("transformers", needed_by=cls.name)
        folder = folder_of(model, "config.json", adapter=cls.name)
        entries, window = opened_entries(corpus, codes), seconds_of(seconds)
        net = transformers.MusicgenForConditionalGeneration.from_pretrained(folder, local_files_only=True)
        tokenizer = None
        if (folder / "tokenizer_config.json").is_file():
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        found = cls(net, entries, tokenizer=tokenizer, seconds=window, keep=keep, device=device)
        found.weights_file = one_file(folder, "model.safetensors")
        return found

    def _predicted(self, stack: Stack) -> Predicted:
        states, targets, counted, music = self._states(stack)
        return Predicted(self.net.logits(states), targets, counted, music)

    def _states(self, stack: Stack) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        late = delays(self.n_codebooks, self._channels)
        placed = delayed(stack.main, late, empty=self._pad)
        counted = delayed(torch.ones_like(stack.main), late, empty=0).bool()
        music = delayed(stack.valid[:, None].expand_as(stack.main).long(), late, empty=0).bool()
        start = placed.new_full((*placed.shape[:2], 1), self._start)
        text, mask = stack.inputs["text_states"], stack.inputs["text_states_mask"]
        if not text.shape[1]:  # no prompt at all: one state of zeros that is not looked at
            text, mask = text.new_zeros(len(text), 1, text.shape[2]), mask.new_zeros(len(text), 1)
        states = self.net.states(torch.cat([start, placed[..., :-1]], -1), text, mask)
        targets = placed.masked_fill(~counted, 0)
        return states, targets, counted & (placed != self._pad), music

    @torch.no_grad()
    def hidden(self, batch: PieceBatch) -> Tensor:
        """The mean over places of the last layer's states; padding counts."""
        return batch.in_order([self._states(stack)[0].mean(1) for stack in batch.stacks])

    def _heard(self, entry: Entry) -> dict[str, Tensor]:
        codec: Any = self.frozen["codec"]
        config = codec.config
        if config.audio_channels != 1 or config.chunk_length_s is not None:
            raise InputError(f"the codec of {self.name} reads mono sound in one piece; write codes to files instead")
        wanted = self.n_codebooks // self._channels
        rates = [b for b in config.target_bandwidths if codec.quantizer.get_num_quantizers_for_bandwidth(b) == wanted]
        if not rates:
            raise InputError(f"no bandwidth of the codec gives {wanted} codebooks; it has {config.target_bandwidths}")
        clip = read_clip(entry, sr=config.sampling_rate, channels=self._channels, window=self._seconds)
        rows = clip.samples[:, None].to(self.device)
        codes = codec.encode(rows, torch.ones_like(rows, dtype=torch.bool), bandwidth=rates[0]).audio_codes[0]
        frames = min(math.ceil(clip.music / config.hop_length), codes.shape[-1])
        return {"codes": codes.transpose(0, 1).flatten(0, 1), "length": torch.tensor(frames)}

    def _inputs(self, entry: Entry, arrays: Mapping[str, Tensor], length: int) -> dict[str, Tensor]:
        encoder: Any = self.frozen["text"]
        dim = encoder.config.hidden_size
        if "text_states" in arrays:
            states = arrays["text_states"].float()
            if states.ndim != 2 or states.shape[1] != dim:
                raise InputError(f"item {entry.id!r}: text_states are (token, {dim}); got {tuple(states.shape)}")
            return {"text_states": states}
        if "text_ids" in arrays:
            ids = arrays["text_ids"].long().reshape(1, -1)
        elif not entry.text:
            return {"text_states": torch.zeros(0, dim)}
        elif self._tokenizer is None:
            raise InputError(
                f"item {entry.id!r} has a prompt, and no tokenizer was saved with the model; save the model's "
                f"processor in its folder, or write text_ids to the items' files"
            )
        else:
            ids = self._tokenizer(entry.text, return_tensors="pt").input_ids
        ids = ids.to(self.device)
        return {"text_states": encoder(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state[0]}


def delays(codebooks: int, channels: int) -> list[int]:
    """How many places late each codebook is; left and right go together.

    >>> delays(4, 1), delays(4, 2)
    ([0, 1, 2, 3], [0, 0, 1, 1])
    """
    return [k // channels for k in range(codebooks)]


def delayed(codes: Tensor, late: Sequence[int], *, empty: int) -> Tensor:
    """Codes ``(n, codebook, frame)`` in their places ``(n, codebook, frame + most late)``, the others ``empty``.

    >>> delayed(torch.tensor([[[1, 2, 3], [4, 5, 6]]]), [0, 1], empty=9)
    tensor([[[1, 2, 3, 9],
             [9, 4, 5, 6]]])
    """
    placed = codes.new_full((*codes.shape[:2], codes.shape[2] + max(late)), empty)
    for k, by in enumerate(late):
        placed[:, k, by : by + codes.shape[2]] = codes[:, k]
    return placed
