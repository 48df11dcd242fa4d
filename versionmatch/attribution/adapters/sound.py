"""Sound as a codec wants it: so many channels, at its rate, as long as the model's window."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...audio.decode import stream
from ...errors import InputError
from .items import Entry


@dataclass(frozen=True, eq=False, slots=True)
class Clip:
    """A part of a recording.

    ``samples`` ``(channels, n)`` float32, silence behind ``music`` samples; ``start`` and ``total`` are where it begins
    in the whole recording and how long that is, in seconds.
    """

    samples: Tensor
    sr: int
    music: int
    start: float
    total: float


def read_clip(entry: Entry, *, sr: int, channels: int, window: float, multiple: int = 1) -> Clip:
    """The sound of an item, padded with silence to ``window`` seconds (0: as long as it is) and a multiple of samples.

    InputError where it is longer than the window: nothing is cut off unasked.
    """
    if entry.path is None:
        raise InputError(f"item {entry.id!r} has neither arrays nor sound")
    blocks = np.concatenate(list(stream(entry.path, sr=sr, mono=channels == 1)))
    frames = blocks.reshape(len(blocks), -1)
    if frames.shape[1] == 1:
        frames = np.repeat(frames, channels, axis=1)
    if frames.shape[1] != channels:
        raise InputError(f"{entry.path} has {frames.shape[1]} channels; the model's codec reads {channels}")
    total = len(frames) / sr
    first = round(entry.start * sr)
    part = frames[first : first + round(entry.seconds * sr)] if entry.seconds else frames[first:]
    if not len(part):
        raise InputError(f"item {entry.id!r}: {entry.path} ends at {total:.2f} s, before its start {entry.start:g} s")
    longest = round(window * sr)
    if window and len(part) > longest:
        raise InputError(
            f"item {entry.id!r} is {len(part) / sr:.2f} s long, the model's window {window:.2f} s; name a part of it "
            f"by the columns start and seconds, or several as items of their own"
        )
    length = math.ceil((longest or len(part)) / multiple) * multiple
    samples = np.zeros((channels, length), np.float32)
    samples[:, : len(part)] = part.T
    return Clip(torch.from_numpy(samples), sr, len(part), entry.start, total)
