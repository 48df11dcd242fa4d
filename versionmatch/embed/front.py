"""From constant-Q levels to the network's input: whitened, heard through learned filters, folded to pitch classes."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

N_BINS = 84
BANDS = (8.0, 22.0, 36.0, 50.0, 64.0)
"""Centres of the bands in bins of a semitone above C1."""
BAND_WIDTH = 9.0
QUIET = 0.8
"""Added to a frame's loudness before it is divided by it: about a third of what sounding frames of music have."""
HARMONICS = (-12, 0, 12, 19, 24, 28)
"""Semitones to a tone's sub-octave, itself, and its second to fifth partials."""


def whitened(levels: Tensor) -> Tensor:
    """What stands out of its surroundings in pitch, all peaks about equally tall.

    The levels less their mean over an octave (never below 0), over their root mean square across two octaves.

    Parameters
    ----------
    levels : (batch, 84, frame)
        Root of the magnitude, the largest of a recording about 1.

    Returns
    -------
    (batch, 84, frame), 0 and above
    """
    peaks = F.relu(levels - _mean_around(levels, 6))
    power = _mean_around(peaks * peaks, 12)
    return peaks / (power.clamp(min=1e-12).sqrt() + 0.02)


def _mean_around(x: Tensor, reach: int) -> Tensor:
    """The mean of each bin and ``reach`` neighbours on either side; the edge bins are repeated."""
    batch, bins, frames = x.shape
    low, high = x[:, :1].expand(batch, reach, frames), x[:, -1:].expand(batch, reach, frames)
    total = torch.cat([low, x, high], dim=1).cumsum(dim=1)
    first = total[:, 2 * reach : 2 * reach + bins]
    before = F.pad(total[:, : bins - 1], (0, 0, 1, 0))
    return (first - before) / (2 * reach + 1)


def fold_weights() -> Tensor:
    """``(5, 84)``: how much each bin counts in each of the bands."""
    bins = torch.arange(N_BINS, dtype=torch.float32)
    return torch.stack([torch.exp(-(((bins - centre) / BAND_WIDTH) ** 2)) for centre in BANDS])


def fold_matrix() -> Tensor:
    """``(60, 84)``: from bins to the bands of pitch class 0, then those of 1, …; one product, not a sum by octaves."""
    same = torch.arange(N_BINS)[None] % 12 == torch.arange(12)[:, None]  # (12, 84)
    return (same[:, None] * fold_weights()[None]).reshape(-1, N_BINS)


class FrontEnd(nn.Module):
    """Levels to pitch-class maps, ``(batch, 84, frame)`` to ``(12, batch, frame, channel)``.

    Beside the whitened levels themselves, ``learned`` further maps are made by a small network that hears every
    bin with its harmonics and its neighbouring moments; it is the same at each bin, so that a transposition moves all
    maps along. Each map is then folded into twelve pitch classes in five wide bands: ``5 · (1 + learned)`` channels.
    """

    def __init__(self, learned: int = 7, hidden: int = 16) -> None:
        super().__init__()
        self.learned = learned
        self.channels = len(BANDS) * (1 + learned)
        self.register_buffer("fold", fold_matrix(), persistent=False)
        if learned:
            self.hear = nn.Conv2d(len(HARMONICS) + 2, hidden, (1, 5), padding=(0, 2))
            self.name_tones = nn.Conv2d(hidden, learned, 1)

    def forward(self, levels: Tensor) -> Tensor:
        white = whitened(levels)
        maps = white[..., None]
        if self.learned:
            heard = self._heard(white, levels).permute(0, 3, 1, 2)  # channels last in memory: much faster on a CPU
            tones = F.relu(self.name_tones(F.relu(self.hear(heard))))
            maps = torch.cat([maps.to(tones.dtype), tones.permute(0, 2, 3, 1)], dim=3)
        return self._folded(maps)  # of (batch, bin, frame, map)

    @staticmethod
    def _heard(white: Tensor, levels: Tensor) -> Tensor:
        """``(batch, bin, frame, 8)``: the white levels at each bin's harmonics, 0 beyond the edges; levels; onsets."""
        padded = F.pad(white, (0, 0, 12, 28))
        onsets = F.relu(levels - F.pad(levels, (1, 0))[..., :-1])
        return torch.stack([*(padded[:, 12 + h : 12 + h + N_BINS] for h in HARMONICS), levels, onsets], dim=3)

    def _folded(self, maps: Tensor) -> Tensor:
        batch, bins, frames, count = maps.shape
        banded = self.fold.to(maps.dtype) @ maps.reshape(batch, bins, frames * count)  # (batch, 12 · band, …)
        folded = banded.view(batch, 12, len(BANDS), frames, count).permute(1, 0, 3, 2, 4)
        flat = folded.reshape(12, batch, frames, len(BANDS) * count)
        white = flat[..., ::count].float()  # the fixed map comes first in each band
        loud = white.square().mean(dim=3).sum(dim=0).clamp(min=1e-12).sqrt()  # (batch, frame)
        scaled: Tensor = flat / (loud + QUIET)[None, :, :, None].to(flat.dtype)
        return scaled
