"""A model directory with random weights, for tests of what is done with a model: it hears, but has learned nothing."""

from pathlib import Path

import numpy as np
import torch

from versionmatch.embed.directory import ModelDirectory, write_model
from versionmatch.embed.net import build

NETWORK = {"members": 2, "width": 12, "dim": 16, "learned": 3}


def melody_levels(seed: int, n_frames: int = 800, shift: int = 0) -> np.ndarray:
    """Levels ``(84, n_frames)`` of random chords with overtones, held for about a second, in the middle octaves."""
    rng = np.random.default_rng(seed)
    levels = 0.02 * rng.random((84, n_frames))
    for start in range(0, n_frames, 10):
        for pitch in rng.choice([0, 2, 4, 5, 7, 9, 11], 3, replace=False):
            root = 24 + int(pitch) + 12 * int(rng.integers(0, 2)) + shift
            for step, level in ((0, 1.0), (12, 0.7), (19, 0.5), (24, 0.4)):
                if root + step < 84:
                    levels[root + step, start : start + 10] += level
    return (levels / levels.max()).astype(np.float32)


def random_model(folder: Path, model_id: str = "versions-v2", *, seed: int = 440, **network: int) -> ModelDirectory:
    """Write the model; its norms are set so that every layer passes on about what comes in."""
    settings = {**NETWORK, **network}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = build(settings)
    net.train()
    with torch.no_grad():
        for _ in range(20):
            net(torch.from_numpy(np.stack([melody_levels(s) for s in range(4)])))
    facts = {
        "id": model_id,
        "architecture": "chroma-equivariant-2",
        "sample_rate": 16000,
        "dim": net.dim,
        "segment_s": 20.8,
        "hop_s": 4.8,
        "licence": "Apache-2.0",
        "network": settings,
    }
    return write_model(folder, facts, {name: tensor.numpy() for name, tensor in net.state_dict().items()})
