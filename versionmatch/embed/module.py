"""Sound to segments as one ``torch.nn.Module``: in batches, on any device, with gradients down to the samples."""

from __future__ import annotations

from ..errors import InputError, MissingExtra
from ..features.cqt import HOP, SR
from ..features.cqt_nnaudio import constant_q
from .levels import FRAME_RATE, SILENT
from .loaded import DEFAULT_MODEL, VersionModel

try:
    import torch
    from torch import Tensor, nn
except ImportError as error:
    raise MissingExtra("the torch module of an embedding model", extra="torch") from error

from .moments import moments_of
from .segmenting import pooled_whole, pooled_windows, sounding, starts

FRAMES = round(SR / HOP / FRAME_RATE)
"""Frames of the transform in one of the network's."""
SMALL = 1e-12
"""Added under roots, so that silence has a gradient."""


class VersionModule(nn.Module):
    """Samples at 16 kHz, ``(batch, n)``, to vectors of segments, ``(batch, segment, dim * 12)``, and their mask.

    The constant-Q transform is nnAudio's, with bins on A4 = 440 Hz unless ``tuning_cents`` says otherwise; everything
    else is what the extractor ``segments`` does. Each recording is heard without what pads it in the batch.

    Parameters
    ----------
    model : str or path
        Name or directory of an embedding model.
    trainable : bool
        Whether the network's weights are parameters of this module that want gradients. They are this module's own.
    tuning_cents : float
        By how much the bins are shifted.

    Raises
    ------
    InputError
        Where there is no such model.
    MissingExtra
        Where nnAudio is not installed.
    """

    def __init__(self, model: str = DEFAULT_MODEL, *, trainable: bool = False, tuning_cents: float = 0.0) -> None:
        super().__init__()
        found = VersionModel(model)
        with torch.random.fork_rng(devices=[]):
            found.directory.verify()
            self.net = found.directory.load().float().requires_grad_(trainable)
        self.cqt = constant_q(tuning_cents).requires_grad_(False)
        self.segment, self.hop = found.segment, found.hop
        self.model_id, self.dim = found.facts.id, 12 * found.facts.dim

    def forward(self, samples: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The segments' vectors, each of length 1 (0 in silence), and which of them are there.

        Parameters
        ----------
        samples : (batch, n) float32
            In [-1, 1], at 16 kHz.
        lengths : (batch,) int, optional
            How many samples of each row are sound; or ``(batch, n)`` bool, true where they are, from the first on.

        Returns
        -------
        vectors : (batch, segment, dim * 12)
            0 where the mask is false.
        mask : (batch, segment) bool
        """
        vectors = [self._segments(levels) for levels in self.levels(samples, lengths)]
        most = max(len(v) for v in vectors)
        padded = torch.stack([torch.cat([v, v.new_zeros(most - len(v), self.dim)]) for v in vectors])
        counts = torch.tensor([len(v) for v in vectors], device=samples.device)
        return padded, torch.arange(most, device=samples.device)[None] < counts[:, None]

    def whole(self, samples: Tensor, lengths: Tensor | None = None) -> Tensor:
        """The vectors of the whole recordings, ``(batch, dim * 12)``."""
        return torch.cat(
            [
                pooled_whole(self.net, moments_of(self.net, x[None]), sounding(x[None])).flatten(1)
                for x in self.levels(samples, lengths)
            ]
        )

    def levels(self, samples: Tensor, lengths: Tensor | None = None) -> list[Tensor]:
        """What the network reads of each recording, ``(84, frame)`` at 10 frames a second."""
        counts = _counts(samples, lengths)
        there = torch.arange(samples.shape[1], device=samples.device)[None] < counts[:, None]
        transform = self.cqt(samples * there, output_format="Complex", normalization_type="librosa")
        magnitude = (transform.square().sum(dim=-1) + SMALL).sqrt()
        return [_levels(row[:, : 1 + int(n) // HOP]) for row, n in zip(magnitude, counts.tolist(), strict=True)]

    def _segments(self, levels: Tensor) -> Tensor:
        first, length = starts(levels.shape[1], self.segment, self.hop)
        moments = moments_of(self.net, levels[None])
        return pooled_windows(self.net, moments, sounding(levels[None]), first, length)[0].flatten(1)


def _counts(samples: Tensor, lengths: Tensor | None) -> Tensor:
    if samples.dim() != 2 or samples.shape[1] == 0 or not samples.dtype.is_floating_point:
        raise InputError(
            f"samples have shape (batch, n ≥ 1), floating point, at {SR} Hz; got {samples.dtype} {tuple(samples.shape)}"
        )
    batch, n = samples.shape
    if lengths is None:
        return torch.full((batch,), n, device=samples.device)
    counts = lengths.sum(dim=1) if lengths.dtype == torch.bool and lengths.dim() == 2 else lengths
    if counts.shape != (batch,) or int(counts.min()) < 1 or int(counts.max()) > n:
        raise InputError(f"lengths are {batch} numbers of samples from 1 to {n}, or a mask {(batch, n)}; got {lengths}")
    return counts.to(samples.device)


def _levels(magnitude: Tensor) -> Tensor:
    """As ``levels.levels_of``: magnitudes averaged, the last group over what there is, then the root."""
    n = magnitude.shape[1]
    short = -n % FRAMES
    sums = nn.functional.pad(magnitude, (0, short)).unflatten(1, (-1, FRAMES)).sum(dim=2)
    sizes = torch.full((sums.shape[1],), float(FRAMES), device=magnitude.device)
    sizes[-1] = FRAMES - short
    means = sums / sizes
    peak = means.max()
    silent = float(peak.detach()) <= max(SILENT, 2 * SMALL**0.5)
    return means * 0.0 if silent else (means / peak + SMALL).sqrt()
