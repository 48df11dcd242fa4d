"""Fit the weights of ``versionmatch.features.salience`` to synthetic songs; writes ``melody_weights.json``.

    python benchmarks/quality/fit_melody.py POP909_FOLDER --examples 210 --steps 1500 --out melody_weights.json

POP909_FOLDER is the unpacked set (MIT licence). One processor core renders 210 examples of 40 s in about a quarter
of an hour and fits in about five minutes. No recording is used. The twin of the numpy network is ``Net`` here.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import torch
from melody_songs import example
from torch import Tensor, nn
from torch.nn import functional

from versionmatch.features.salience import GAMMA, HARMONICS, HIGHEST, LOWEST
from versionmatch.features.spectrum import LOWEST_MIDI

N_PITCHES = HIGHEST - LOWEST + 1
ABOUT = (
    "Weights of versionmatch.features.salience. Fitted by benchmarks/quality/fit_melody.py to synthetic singing and "
    "solo instruments over accompaniments rendered from POP909 (MIT licence); no recording was used. Apache-2.0."
)


class Net(nn.Module):
    """Pitch logits (batch, 49, frame) and a voicing logit (batch, frame)."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(len(HARMONICS), 16, (5, 5), padding=(2, 2))
        self.b = nn.Conv2d(16, 24, (3, 5), padding=(1, 4), dilation=(1, 2))
        self.c = nn.Conv2d(24, 24, (1, 3), padding=(0, 6), dilation=(1, 6))
        self.pitch = nn.Conv2d(24, 1, 1)
        self.voice_a = nn.Conv1d(49, 16, 5, padding=2)
        self.voice_b = nn.Conv1d(16, 1, 5, padding=8, dilation=4)

    def forward(self, levels: Tensor) -> tuple[Tensor, Tensor]:  # (batch, 84, frame)
        padded = functional.pad(levels, (0, 0, 12, 48))
        first = 12 + LOWEST - LOWEST_MIDI
        h = torch.stack([padded[:, first + k : first + k + N_PITCHES] for k in HARMONICS], 1)  # (batch, 9, 49, frame)
        for layer in (self.a, self.b, self.c):
            h = torch.relu(layer(h))
        logits = self.pitch(h)[:, 0]
        summary = torch.cat([h.amax(2), h.mean(2), torch.logsumexp(logits, 1)[:, None] / 10], 1)
        return logits, self.voice_b(functional.leaky_relu(self.voice_a(summary), 0.1))[:, 0]


def levels_of(magnitude):
    """As the extractor compresses."""
    loud = np.quantile(magnitude[:, ::5], 0.999) + 1e-9
    return (np.log1p(GAMMA * magnitude / loud) / np.log1p(GAMMA)).astype(np.float32)


def pooled(values, factor):
    """Means over whole blocks of frames."""
    n = values.shape[-1] // factor * factor
    return values[..., :n].reshape(*values.shape[:-1], -1, factor).mean(axis=-1)


def excerpt(song, rng, length=500):
    """Ten seconds at 16.7 or 10 Hz: mixed anew, transposed, equalised: levels, pitch, voicing, voicing's weight."""
    factor = 3 if rng.random() < 0.85 else 5
    gain = 10 ** (rng.uniform(-5, 8) / 20) * (rng.random() > 0.06)
    at = slice(start := int(rng.integers(0, 2001 - length)), start + length)
    magnitude = pooled(np.abs(song.accompaniment[:, at] + gain * song.melody[:, at]), factor)
    n = magnitude.shape[1]
    voiced = pooled(song.voiced[at].astype(np.float32) * (gain > 0), factor)
    shift = int(rng.integers(-5, 6))
    magnitude = np.roll(magnitude, shift, axis=0)
    magnitude[slice(shift) if shift > 0 else slice(84 + shift, 84)] = 0
    curve = rng.uniform(-8, 8) * np.linspace(-0.5, 0.5, 84)
    curve += np.interp(np.arange(84), np.linspace(0, 83, 7), rng.normal(0, 3, 7))
    pitch = song.pitch[at][factor // 2 :: factor][:n] + shift
    return levels_of(magnitude * 10 ** (curve / 20)[:, None]), pitch, voiced, 0.4 if song.played else 1.0


def target(pitch):
    """A pitch between two semitones is shared by both."""
    inside = np.clip(pitch - LOWEST, 0, N_PITCHES - 1 - 1e-3)
    low, frames = inside.astype(int), np.arange(pitch.size)
    out = np.zeros((N_PITCHES, pitch.size), np.float32)
    out[low, frames], out[low + 1, frames] = 1 - inside + low, inside - low
    return out


def loss_of(net, batch):
    """Cross-entropy of the pitch where it sounds, and of the voicing."""
    levels, pitches, voiced, weights = zip(*batch, strict=True)
    logits, voice = net(torch.from_numpy(np.stack(levels)))
    wanted = torch.from_numpy(np.stack([target(p) for p in pitches]))
    sung = torch.from_numpy(np.stack(voiced).astype(np.float32))
    entropy = -(torch.log_softmax(logits, 1) * wanted).sum(1)
    weight = torch.tensor(weights, dtype=torch.float32)[:, None].expand_as(sung)
    voicing = functional.binary_cross_entropy_with_logits(voice, sung, weight=weight, pos_weight=torch.tensor(1.3))
    return (entropy * sung).sum() / (sung.sum() + 1) + voicing


def fitted(songs, steps, seed):
    """The network after ``steps`` batches of six excerpts."""
    torch.manual_seed(seed)
    rng, net = np.random.default_rng(seed), Net()
    optimiser = torch.optim.AdamW(net.parameters(), weight_decay=1e-3)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 3e-3 * min(1, (step + 1) / 100) * (0.5 + 0.5 * np.cos(np.pi * step / steps))
        batch = [excerpt(songs[rng.integers(len(songs))], rng) for _ in range(6)]
        by_length: dict[int, list] = {}
        for item in batch:
            by_length.setdefault(item[0].shape[1], []).append(item)
        loss = sum(loss_of(net, group) * len(group) / len(batch) for group in by_length.values())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 100 == 0:
            print(f"step {step}: {loss.item():.3f}", flush=True)
    return net


def written(net):
    """The weights as the extractor reads them."""

    def numbers(array):
        return [numbers(row) for row in array] if array.ndim else float(f"{float(array):.5g}")

    layers = {}
    for name, dilation in {"a": 1, "b": 2, "c": 6, "pitch": 1, "voice_a": 1, "voice_b": 4}.items():
        layer = getattr(net, name)
        weights = layer.weight.detach().numpy()
        weights = weights[:, :, None] if weights.ndim == 3 else weights
        layers[name] = {"dilation": dilation, "weights": numbers(weights), "bias": numbers(layer.bias.detach().numpy())}
    return {"about": ABOUT, "layers": layers}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pop909", type=Path)
    parser.add_argument("--examples", type=int, default=210)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=440)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    songs, numbers = [], np.random.default_rng(args.seed).permutation(909) + 1
    with tempfile.TemporaryDirectory() as folder:
        for i, number in enumerate(numbers[: args.examples]):
            song = example(args.pop909, int(number), by_instrument=i % 6 == 0, seed=args.seed, folder=folder)
            songs += [song] if song is not None else []
    args.out.write_text(json.dumps(written(fitted(songs, args.steps, args.seed)), separators=(",", ":")))


if __name__ == "__main__":
    main()
