"""The frozen parts of a diffusers pipeline: codec, text encoders, projection; each may be missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .base import library
from .pieces import Stack


@dataclass(frozen=True, eq=False, slots=True)
class Parts:
    """What stands round a denoiser; ``tokenizer`` is no network, ``projection`` makes numbers and texts one size."""

    codec: nn.Module | None = None
    text: nn.Module | None = None
    tokenizer: Any = None
    projection: nn.Module | None = None

    def modules(self) -> dict[str, nn.Module | None]:
        """The networks by name."""
        return {"codec": self.codec, "text": self.text, "projection": self.projection}

    @classmethod
    def stable_audio(cls, folder: Path, *, needed_by: str) -> Parts:
        """Those of a saved Stable Audio pipeline."""

        def part(name: str, module: str, kind: str, file: str = "config.json") -> Any:
            if not (folder / name / file).is_file():
                return None
            found = getattr(library(module, needed_by=needed_by), kind)
            how = {"low_cpu_mem_usage": False} if module.startswith("diffusers") else {}
            return found.from_pretrained(folder / name, local_files_only=True, **how)

        pipeline = "diffusers.pipelines.stable_audio"
        return cls(
            part("vae", "diffusers", "AutoencoderOobleck"),
            part("text_encoder", "transformers", "T5EncoderModel"),
            part("tokenizer", "transformers", "AutoTokenizer", "tokenizer_config.json"),
            part("projection_model", pipeline, "StableAudioProjectionModel"),
        )

    def padded_text(self, text: str, device: str) -> tuple[Tensor, Tensor]:
        """States of a text ``(1, token, dim)`` padded to the tokenizer's greatest length, and which are of it."""
        encoder: Any = self.text
        given = self.tokenizer(
            text, padding="max_length", max_length=self.tokenizer.model_max_length, truncation=True, return_tensors="pt"
        ).to(device)
        return encoder(given.input_ids, attention_mask=given.attention_mask)[0], given.attention_mask


def outputs_of(block: nn.Module, run: Callable[[Stack], None], stack: Stack) -> Tensor:
    """What a block of a network gives while the network runs on a stack."""
    seen: list[Tensor] = []

    def caught(_: nn.Module, __: Any, output: Any) -> None:
        seen.append((output[0] if isinstance(output, tuple) else output).detach())

    hook = block.register_forward_hook(caught)
    try:
        run(stack)
    finally:
        hook.remove()
    return torch.cat(seen)
