"""Networks as a person's own code makes them, and where other libraries' own code lies, to compare with."""

import ast
import importlib
import sys
import types
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file
from torch import nn


class SmallDenoiser(nn.Module):
    """Called as stable-audio-tools calls its networks; frames that are masked are not looked at."""

    def __init__(self, channels=4, dim=24, words=6, more=5):
        super().__init__()
        self.entry, self.exit = nn.Linear(channels, dim), nn.Linear(dim, channels)
        self.self_attn = nn.Linear(dim, dim)
        self.to_cond_embed, self.to_global_embed = nn.Linear(words, dim), nn.Linear(more, dim)
        self.to_timestep_embed = nn.Linear(2, dim)

    def forward(self, x, t, *, cross_attn_cond, global_embed, mask=None):
        state = self.entry(x.transpose(1, 2))
        weight = torch.ones_like(state[..., :1]) if mask is None else mask[..., None].to(state.dtype)
        mean = (state * weight).sum(1, keepdim=True) / weight.sum(1, keepdim=True)
        level = self.to_timestep_embed(torch.stack([t, 1 - t], 1))
        more = self.to_cond_embed(cross_attn_cond).mean(1) + self.to_global_embed(global_embed) + level
        return self.exit(torch.tanh(state + self.self_attn(mean) + more[:, None])).transpose(1, 2)


class SmallLm(nn.Module):
    """Predicts codes in the delay pattern, as audiocraft's models do: NaN and False where none is predicted."""

    def __init__(self, n_q=3, card=12, dim=24, words=6):
        super().__init__()
        self.n_q, self.card, self.special_token_id = n_q, card, card
        self.emb = nn.ModuleList(nn.Embedding(card + 1, dim) for _ in range(n_q))
        self.recurrent, self.linear1 = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.linears = nn.ModuleList(nn.Linear(dim, card, bias=False) for _ in range(n_q))
        self.condition_provider = nn.Linear(words, dim)

    def step_logits(self, places, conditions):
        """``(n, codebook, step)`` of the pattern → ``(n, codebook, step, code)``: what follows each step."""
        told = self.condition_provider(conditions["description"][0]).mean(1) if conditions else 0.0
        state, found = torch.zeros(len(places), self.recurrent.in_features) + told, []
        for step in range(places.shape[2]):
            heard = sum(emb(places[:, k, step]) for k, emb in enumerate(self.emb))
            state = torch.tanh(self.recurrent(state) + self.linear1(heard))
            found.append(torch.stack([head(state) for head in self.linears], 1))
        return torch.stack(found, 2)

    def compute_predictions(self, codes, conditions, condition_tensors):
        n, n_q, frames = codes.shape
        places = codes.new_full((n, n_q, frames + 1), self.special_token_id)
        for k in range(n_q):
            places[:, k, 1 + k :] = codes[:, k, : frames - k]
        said = self.step_logits(places, condition_tensors)
        logits = said.new_full((n, n_q, frames, self.card), float("nan"))
        mask = torch.zeros(n, n_q, frames, dtype=torch.bool)
        for k in range(n_q):
            logits[:, k, : frames - k] = said[:, k, k:frames]
            mask[:, k, : frames - k] = True
        return SimpleNamespace(logits=logits, mask=mask)


def small_denoiser(folder):
    return _loaded(SmallDenoiser(), folder)


def small_lm(folder):
    return _loaded(SmallLm(), folder)


def no_network(folder):
    return {"a": "mapping"}


def _loaded(net, folder):
    net.load_state_dict(load_file(folder / "model.safetensors"))
    return net


def folder_of(distribution):
    """Where a library's files are; skips where it is not installed."""
    try:
        found = metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        pytest.skip(f"{distribution} is not installed: pip install --no-deps {distribution}")
    return Path(found.locate_file(distribution.replace("-", "_")))


def module_alone(folder, name, alias):
    """A module of a package without the package's own imports, most of which are of training tools."""
    if alias not in sys.modules:
        package = types.ModuleType(alias)
        package.__path__ = [str(folder)]
        sys.modules[alias] = package
    return importlib.import_module(f"{alias}.{name}")


def definitions(path, *names, **known):
    """Functions and classes of a file whose other imports are not installed; ``known`` is what they need."""
    found = dict(known)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name in names:
            node.decorator_list = []
            exec(compile(ast.Module([node], []), str(path), "exec"), found)
    return SimpleNamespace(**{name: found[name] for name in names})
