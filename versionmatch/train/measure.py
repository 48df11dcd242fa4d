"""What a network is worth: retrieval of versions and of excerpts, by whole vectors, by segments, and by both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..embed.levels import FRAME_RATE, MOMENT_S
from ..embed.net import Ensemble
from ..embed.similarity import by_key
from ..factory.pool import Version
from ..match.metrics import rank
from ..match.normalise import normalised
from ..types import DoubleArray, FloatArray

SEGMENT, HOP = 13, 3  # moments: 20.8 s every 4.8 s
EXCERPTS_S = (20.0, 40.0)


@dataclass(frozen=True, eq=False, slots=True)
class Collection:
    """Recordings with known works: levels ``(84, n)`` float32 at 10 frames a second."""

    levels: tuple[FloatArray, ...]
    works: tuple[str, ...]


def of_versions(versions: Sequence[Version]) -> Collection:
    """Made versions as a collection."""
    long = [v for v in versions if v.levels.shape[1] >= 120]
    return Collection(tuple(v.levels.astype(np.float32) / 255.0 for v in long), tuple(v.work_id for v in long))


def read_collection(path: Path) -> Collection:
    """A ``.npz`` of uint8 root magnitudes ``(84, n)`` at 10 frames a second; a key is ``WORK_vN``."""
    with np.load(path, allow_pickle=False) as archive:
        keys = sorted(archive.files)
        return Collection(tuple(as_loud(archive[k]) for k in keys), tuple(k.partition("_v")[0] for k in keys))


def as_loud(levels: npt.NDArray[np.uint8]) -> FloatArray:
    """Root magnitudes as levels: the largest is 1."""
    scaled: FloatArray = levels.astype(np.float32) / np.float32(max(int(levels.max(initial=0)), 1))
    return scaled


@torch.no_grad()
def moments_of(net: Ensemble, levels: Sequence[FloatArray]) -> list[Tensor]:
    """The moments of each recording, ``(moment, dim, 12)``."""
    net.eval()
    device = next(net.parameters()).device
    return [net(torch.from_numpy(np.ascontiguousarray(x[None])).to(device))[0] for x in levels]


def segments_of(net: Ensemble, moments: Tensor, length: int = SEGMENT, hop: int = HOP) -> Tensor:
    """Vectors of windows of ``length`` moments, ``(n, dim, 12)``; one where the recording is no longer."""
    length = min(length, moments.shape[0])
    starts = range(0, max(1, moments.shape[0] - length + 1), hop)
    return torch.stack([net.pooled(moments[s : s + length]) for s in starts])


@torch.no_grad()
def track_similarity(net: Ensemble, moments: Sequence[Tensor]) -> DoubleArray:
    """``(n, n)``: whole vectors at the best key."""
    whole = torch.stack([net.pooled(m) for m in moments])
    return _table(by_key(whole, whole).amax(dim=2))


@torch.no_grad()
def segment_similarity(net: Ensemble, moments: Sequence[Tensor]) -> DoubleArray:
    """``(n, n)``: the mean over a recording's segments of the best match in the other, one key for all; symmetric."""
    segments = [segments_of(net, m) for m in moments]
    counts = [len(s) for s in segments]
    table = np.zeros((len(segments), len(segments)))
    for i, one in enumerate(segments):
        later = torch.cat(segments[i:])
        for j, keys in enumerate(by_key(one, later).split(counts[i:], dim=1), start=i):
            forth, back = keys.amax(dim=1).mean(dim=0), keys.amax(dim=0).mean(dim=0)
            table[i, j] = table[j, i] = float((forth + back).amax()) / 2
    return table


@torch.no_grad()
def excerpt_similarity(net: Ensemble, collection: Collection, moments: Sequence[Tensor], seconds: float) -> DoubleArray:
    """``(n, n)``: the middle of each recording against the best equally long window of the others."""
    n = int(seconds * FRAME_RATE)
    middles = [x[:, max(0, (x.shape[1] - n) // 2) :][:, :n] for x in collection.levels]
    queries = torch.stack([net.pooled(m) for m in moments_of(net, middles)])
    windows = [segments_of(net, m, max(2, round(seconds / MOMENT_S))) for m in moments]
    table = torch.stack([by_key(queries, w).amax(dim=(1, 2)) for w in windows], dim=1)
    return _table(table)


def _table(values: Tensor) -> DoubleArray:
    table: DoubleArray = values.double().cpu().numpy()
    return table


def map_of(table: DoubleArray, works: Sequence[str]) -> float:
    """Mean average precision."""
    return float(rank(table, works).means()["map"])


def figures(net: Ensemble, collection: Collection, *, full: bool = True) -> dict[str, float]:
    """MAP of whole vectors, raw and score-normalised; with ``full`` also of segments, of both and of excerpts."""
    moments = moments_of(net, collection.levels)
    whole = track_similarity(net, moments)
    found = {"map": map_of(whole, collection.works), "map_z": map_of(normalised(whole), collection.works)}
    if full:
        segments = segment_similarity(net, moments)
        found["segments_z"] = map_of(normalised(segments), collection.works)
        found["both_z"] = map_of(normalised(whole) + normalised(segments), collection.works)
        for seconds in EXCERPTS_S:
            table = excerpt_similarity(net, collection, moments, seconds)
            found[f"excerpt{seconds:.0f}"] = map_of(table, collection.works)
            found[f"excerpt{seconds:.0f}_z"] = map_of(normalised(table), collection.works)
    return found
