"""Crops as another recording would have them: stretched, moved in key, equalised, masked, made noisy; all at once.

What is done to each crop is drawn on the CPU, a few numbers each; the crops themselves are disturbed where the network
runs. The same numbers and seed give the same crops on one machine.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..embed.levels import N_BINS
from ..types import FloatArray

KNOTS = 8  # of the equaliser, evenly over the bins
MASKS = 3
_NEVER = 0.0


@dataclass(frozen=True, eq=False, slots=True)
class Disturbance:
    """What is done to each of ``n`` crops; every field has ``n`` rows, float32.

    ``ratio``: frames of the crop to one heard; ``shift``: semitones; ``colour (n, 8)``: gain in nepers; ``gamma``:
    exponent of the levels; ``floor``: of noise; ``smear``: share of the frame before; ``cut``: bins silenced, from
    below where positive, from above where negative; ``masks (n, 3, 2)``: first frame and frames of near silence;
    ``blows (n, 4)``: how often, how loud, around which bin and how wide something is hit; ``behind``: the level of
    the crop before in the batch that is heard behind this one.
    """

    ratio: FloatArray
    shift: FloatArray
    colour: FloatArray
    gamma: FloatArray
    floor: FloatArray
    smear: FloatArray
    cut: FloatArray
    masks: FloatArray
    blows: FloatArray
    behind: FloatArray

    def on(self, device: torch.device) -> dict[str, Tensor]:
        """The fields as tensors there, sent in one piece."""
        parts = [getattr(self, f.name) for f in fields(self)]
        whole = torch.from_numpy(np.concatenate([p.reshape(len(p), -1) for p in parts], axis=1)).to(device)
        pieces = whole.split([p[0].size for p in parts], dim=1)
        return {f.name: t.reshape(p.shape) for f, t, p in zip(fields(self), pieces, parts, strict=True)}


def drawn(rng: np.random.Generator, n: int, n_frames: int, strength: float) -> Disturbance:
    """A disturbance of ``n`` crops that are ``n_frames`` long when heard; ``strength`` 0: the key alone is moved."""

    def sometimes(share: float, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
        return np.where(rng.random(n) < share * strength, values, _NEVER)

    side = np.where(rng.random(n) < 0.5, 1, -1)
    masked = np.arange(MASKS) < np.floor(rng.integers(0, 3, n) * strength + 0.5)[:, None]
    start = rng.integers(0, n_frames, (n, MASKS))
    length = rng.integers(4, max(6, n_frames // 12), (n, MASKS))
    blows = [rng.uniform(0.01, 0.125, n), rng.uniform(0.2, 0.7, n), rng.uniform(0, N_BINS, n), rng.uniform(8, 40, n)]
    blows[1] = sometimes(0.3, blows[1])
    heard = rng.random() < 0.3 * strength
    found = (
        np.exp(rng.uniform(-0.25, 0.25, n) * strength),
        np.round(rng.uniform(-6.49, 6.49, n)),
        rng.normal(0, 0.25 * strength, (n, KNOTS)),
        np.exp(rng.uniform(-0.35, 0.35, n) * strength),
        sometimes(0.5, rng.uniform(0, 0.12, n)),
        sometimes(0.25, rng.uniform(0.1, 0.5, n)),
        sometimes(0.2, side * rng.integers(4, 26, n)),
        np.stack([start, length * masked], axis=2),
        np.stack(blows, axis=1),
        rng.uniform(0.05, 0.35, n) * (rng.random(n) < 0.4) * heard,
    )
    return Disturbance(*(np.asarray(values, dtype=np.float32) for values in found))


def disturbed(crops: Tensor, lengths: Tensor, n_frames: int, how: Disturbance, seed: int) -> Tensor:
    """Crops as they are heard, each crop's largest level 1.

    Parameters
    ----------
    crops : (n, frame, 84) uint8
        Levels in 255 steps; behind its length a crop holds anything.
    lengths : (n,) int64
        Frames of each; one that is too short for ``n_frames`` is repeated.
    n_frames : int
        Of every crop heard.
    how : Disturbance
    seed : int
        Of the noise.

    Returns
    -------
    (n, 84, n_frames) float32, in [0, 1]
    """
    do = how.on(crops.device)
    noise = torch.Generator(crops.device).manual_seed(seed)
    x = _coloured(_moved(crops, lengths, n_frames, do), do, noise)
    x = _masked(x, do, noise)
    x = x / x.amax(dim=(1, 2), keepdim=True).clamp(min=1e-6)
    return torch.maximum(x, do["behind"][:, None, None] * x.roll(1, dims=0))


def _moved(crops: Tensor, lengths: Tensor, n_frames: int, do: dict[str, Tensor]) -> Tensor:
    """Stretched in time, between two frames each, and shifted in key: ``(n, 84, n_frames)``."""
    n = len(crops)
    ratio = do["ratio"].double()
    whole = ((lengths - 1) / ratio).floor().clamp(min=1)
    at = (torch.arange(n_frames, device=crops.device)[None] % whole[:, None]) * ratio[:, None]
    low = at.long().clamp(max=crops.shape[1] - 1)
    high = torch.minimum(low + 1, (lengths - 1)[:, None])
    share = (at - low)[..., None].float()
    rows = torch.arange(n, device=crops.device)[:, None]
    x = torch.lerp(crops[rows, low].float(), crops[rows, high].float(), share) / 255.0  # (n, n_frames, 84)
    bins = torch.arange(N_BINS, device=crops.device)[None] - do["shift"].long()[:, None]
    inside = (bins >= 0) & (bins < N_BINS)
    taken = bins.clamp(0, N_BINS - 1)[:, :, None].expand(-1, -1, n_frames)
    return x.transpose(1, 2).gather(1, taken) * inside[:, :, None]


def _coloured(x: Tensor, do: dict[str, Tensor], noise: torch.Generator) -> Tensor:
    colour = torch.nn.functional.interpolate(do["colour"][:, None], N_BINS, mode="linear", align_corners=True)[:, 0]
    x = (x * colour.exp()[:, :, None]).pow(do["gamma"][:, None, None])
    hiss = torch.rand(x.shape, device=x.device, generator=noise)
    x = torch.maximum(x, do["floor"][:, None, None] * hiss)
    smear = do["smear"][:, None, None]
    x = torch.cat([x[..., :1], torch.lerp(x[..., 1:], x[..., :-1], smear)], dim=2)
    cut, bins = do["cut"][:, None], torch.arange(N_BINS, device=x.device)[None]
    silenced = (bins < cut) | (bins >= N_BINS + torch.where(cut < 0, cut, 0.0))
    return x * torch.where(silenced, 0.1, 1.0)[:, :, None]


def _masked(x: Tensor, do: dict[str, Tensor], noise: torch.Generator) -> Tensor:
    frames = torch.arange(x.shape[2], device=x.device)
    start, length = do["masks"][..., :1], do["masks"][..., 1:]
    hidden = ((frames >= start) & (frames < start + length)).any(dim=1)
    x = x * torch.where(hidden, 0.1, 1.0)[:, None]
    often, loud, centre, width = (column[:, None] for column in do["blows"].unbind(dim=1))
    hit = torch.rand((len(x), x.shape[2]), device=x.device, generator=noise) < often
    shape = loud * torch.exp(-(((torch.arange(N_BINS, device=x.device) - centre) / width) ** 2))
    return torch.maximum(x, shape[:, :, None] * hit[:, None])
