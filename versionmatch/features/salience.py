"""How salient each pitch is as the melody of a mix, and whether there is a melody at all: a small network in numpy."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..types import DoubleArray, FloatArray
from .spectrum import LOWEST_MIDI

HARMONICS = (-12, 0, 12, 19, 24, 28, 31, 34, 36)
"""Semitones from a pitch to the bins that are looked at: the octave below, then harmonics 1 to 8."""
LOWEST, HIGHEST = 36, 84  # MIDI: C2 to C6
GAMMA = 100.0
CHUNK = 256  # frames; bounds the memory of the unfolded convolutions to some 10 MB


@dataclass(frozen=True, eq=False, slots=True)
class Layer:
    """A convolution over pitch and time: ``weights (n_out, n_in, n_pitch, n_time)``, taps ``dilation`` frames apart."""

    weights: FloatArray
    bias: FloatArray
    dilation: int

    @property
    def reach(self) -> int:
        """Frames of context either side."""
        return self.dilation * (int(self.weights.shape[3]) // 2)

    def __call__(self, x: FloatArray) -> FloatArray:
        """``(n_in, n_pitches, n_frames + 2 reach)`` to ``(n_out, n_pitches, n_frames)``; beyond the range lie zeros."""
        n_out, n_in, high, wide = self.weights.shape
        padded = np.pad(x, ((0, 0), (high // 2, high // 2), (0, 0)))
        span = self.dilation * (wide - 1) + 1
        windows = sliding_window_view(padded, (high, span), axis=(1, 2))[..., :: self.dilation]
        pitches, frames = windows.shape[1:3]
        unfolded = windows.transpose(0, 3, 4, 1, 2).reshape(n_in * high * wide, pitches * frames)
        out = self.weights.reshape(n_out, -1) @ unfolded + self.bias[:, None]
        result: FloatArray = out.reshape(n_out, pitches, frames)
        return result


@cache
def _weights() -> str:
    return files(__package__).joinpath("melody_weights.json").read_text(encoding="utf-8")


@cache
def weights_digest() -> str:
    """Which weights these are: the beginning of their file's sha256."""
    return hashlib.sha256(_weights().encode()).hexdigest()[:12]


@cache
def layers() -> dict[str, Layer]:
    """The fitted layers by name; where they come from is written in the file."""
    return {
        name: Layer(np.array(d["weights"], np.float32), np.array(d["bias"], np.float32), int(d["dilation"]))
        for name, d in json.loads(_weights())["layers"].items()
    }


def salience(magnitude: DoubleArray) -> tuple[DoubleArray, DoubleArray]:
    """Log-probability of each pitch, ``(49, n)`` from C2 to C6, and the probability that a melody sounds, ``(n,)``.

    magnitude : (n_bins, n_frames), a CQT of semitone bins from C1 on, 10 to 25 frames a second.

    The log-compressed bins at a pitch's harmonics, and around them in pitch and time, pass three
    convolutions whose weights are the same for every pitch; so a transposed recording gets a transposed
    salience. They were fitted to synthetic singing and solo instruments over rendered accompaniments.
    """
    net = layers()
    halo = sum(net[name].reach for name in ("a", "b", "c"))
    n = magnitude.shape[1]
    padded = np.pad(_levels(magnitude), ((0, 0), (halo, halo)))
    del magnitude  # of hours it is large, and the levels say all
    logits, summaries = np.empty((HIGHEST - LOWEST + 1, n)), []
    for start in range(0, n, CHUNK):
        stop = min(n, start + CHUNK)
        hidden = _hidden(_stacked(padded[:, start : stop + 2 * halo]), start - halo, n)
        score = net["pitch"](hidden)[0]
        logits[:, start:stop] = score
        total = np.logaddexp.reduce(score.astype(np.float64), axis=0)
        summaries.append(np.concatenate([hidden.max(axis=1), hidden.mean(axis=1), total[None] / 10]))
    voicing = _voicing(np.concatenate(summaries, axis=1).astype(np.float32))
    logits -= np.logaddexp.reduce(logits, axis=0)
    return logits, voicing


def _levels(magnitude: DoubleArray) -> FloatArray:
    """Log-compressed, the recording's loud bins at 1."""
    loud = float(np.quantile(magnitude[:, ::5], 0.999)) + 1e-9
    out = np.empty(magnitude.shape, np.float32)
    for row, level in zip(magnitude, out, strict=True):
        level[:] = np.log1p(GAMMA * row / loud) / np.log1p(GAMMA)
    return out


def _stacked(levels: FloatArray) -> FloatArray:
    """``(9, 49, n)``: for each pitch the bins at its harmonics; zeros beyond the CQT."""
    n_pitches = HIGHEST - LOWEST + 1
    below = max(0, -(LOWEST + HARMONICS[0] - LOWEST_MIDI))
    above = max(0, HIGHEST + HARMONICS[-1] - LOWEST_MIDI + 1 - levels.shape[0])
    padded = np.pad(levels, ((below, above), (0, 0)))
    first = LOWEST - LOWEST_MIDI + below
    return np.stack([padded[first + h : first + h + n_pitches] for h in HARMONICS])


def _hidden(x: FloatArray, first: int, n: int) -> FloatArray:
    """Three convolutions of a chunk with its context; each layer sees zeros before frame 0 and from ``n`` on."""
    net = layers()
    for name in ("a", "b", "c"):
        x = np.maximum(net[name](x), 0)
        first += net[name].reach
        time = first + np.arange(x.shape[2])
        x[:, :, (time < 0) | (time >= n)] = 0
    return x


def _voicing(summaries: FloatArray) -> DoubleArray:
    """Two convolutions over time of each frame's summary, and a logistic function."""
    net = layers()
    x = summaries[:, None]
    for name in ("voice_a", "voice_b"):
        reach = net[name].reach
        x = net[name](np.pad(x, ((0, 0), (0, 0), (reach, reach))))
        x = np.where(x > 0, x, 0.1 * x) if name == "voice_a" else x
    out: DoubleArray = 1 / (1 + np.exp(-x[0, 0].astype(np.float64)))
    return out
