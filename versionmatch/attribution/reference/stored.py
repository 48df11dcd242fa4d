"""A trained reference model with its corpus, in memory or in a folder: weights, settings, tunes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from ...errors import InputError, IntegrityError
from ...files import write_atomically
from ...types.attribution import Corpus
from ..cache import digest_of
from .denoiser import DenoiserParams, TuneDenoiser, latent, train_denoiser
from .melodies import Tune, table
from .transformer import TransformerParams, TuneTransformer, train_transformer

WEIGHTS, ABOUT, CORPUS = "weights.safetensors", "model.json", "corpus.json"
Net = TuneTransformer | TuneDenoiser
NetParams = TransformerParams | DenoiserParams


@dataclass(frozen=True, eq=False, slots=True)
class Trained:
    """A network, the tunes it was trained on, and its weights at earlier times, by step."""

    net: Net
    params: NetParams
    tunes: tuple[Tune, ...]
    seed: int
    checkpoints: Mapping[str, Mapping[str, torch.Tensor]] = field(default_factory=dict)
    folder: Path | None = None
    """Where it was opened from."""

    @property
    def corpus(self) -> Corpus:
        """The tunes with their holders and the digests of their tokens."""
        contents = tuple(hashlib.sha256(np.array(t.tokens, "<i2").tobytes()).hexdigest() for t in self.tunes)
        return Corpus(tuple(t.id for t in self.tunes), tuple(t.holder for t in self.tunes), contents, "tunes")

    def save(self, folder: Path) -> None:
        """Three files: ``weights.safetensors``, ``model.json``, and the corpus as a manifest, ``corpus.json``."""
        tensors = {name: value.detach().contiguous() for name, value in self.net.named_parameters()}
        for step, values in self.checkpoints.items():
            tensors.update({f"@{step}.{name}": value.contiguous() for name, value in values.items()})
        about = {
            "kind": "transformer" if isinstance(self.params, TransformerParams) else "denoiser",
            "params": asdict(self.params),
            "seed": self.seed,
            "tunes": [[t.id, t.holder, t.family, list(t.tokens)] for t in self.tunes],
        }
        with write_atomically(folder / WEIGHTS) as file:
            file.write(save(tensors))
        with write_atomically(folder / ABOUT) as file:
            file.write(json.dumps(about).encode())
        rows = zip(self.corpus.ids, self.corpus.holders, self.corpus.contents, strict=True)
        listed = {"name": self.corpus.name, "items": [{"id": i, "holder": h, "sha256": c} for i, h, c in rows]}
        with write_atomically(folder / CORPUS) as file:
            file.write((json.dumps(listed, indent=1) + "\n").encode())


def train(tunes: tuple[Tune, ...], params: NetParams, *, seed: int = 440) -> Trained:
    """A reference model of these tunes: a transformer or a denoiser, as the settings are of one or the other."""
    rows = table(tunes)
    if isinstance(params, TransformerParams):
        net, kept = train_transformer(rows, params, seed=seed)
        return Trained(net, params, tunes, seed, kept)
    denoiser, kept = train_denoiser(latent(rows), params, seed=seed)
    return Trained(denoiser, params, tunes, seed, kept)


def open_trained(folder: str | Path) -> Trained:
    """What ``Trained.save`` wrote; InputError where there is none, IntegrityError where it is damaged."""
    folder = Path(folder)
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        tensors = load((folder / WEIGHTS).read_bytes())
    except OSError as error:
        raise InputError(f"there is no reference model in {folder}: {error.strerror}; train one and save it") from error
    except (ValueError, SafetensorError) as error:
        raise IntegrityError(f"the reference model in {folder} is damaged: {error}; save it again") from error
    kind: Any = TransformerParams if about["kind"] == "transformer" else DenoiserParams
    params = kind.of(about["params"])
    net: Net = TuneTransformer(params) if isinstance(params, TransformerParams) else TuneDenoiser(params)
    net.load_state_dict({k: v for k, v in tensors.items() if not k.startswith("@")})
    kept: dict[str, dict[str, torch.Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith("@"):
            step, _, param = name[1:].partition(".")
            kept.setdefault(step, {})[param] = value
    tunes = tuple(Tune(i, holder, family, tuple(tokens)) for i, holder, family, tokens in about["tunes"])
    return Trained(net.eval(), params, tunes, about["seed"], kept, folder)


def fingerprint_of(trained: Trained, adapter: str) -> str:
    """sha256 of the weights as they are now, the settings and the adapter's name and version."""
    sums = {
        name: hashlib.sha256(value.detach().cpu().contiguous().numpy().tobytes()).hexdigest()
        for name, value in trained.net.named_parameters()
    }
    return digest_of({"adapter": adapter, "params": asdict(trained.params), "weights": sums})
