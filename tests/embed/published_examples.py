"""Small published networks with random weights, and checkpoints made of them."""

from __future__ import annotations

import functools

import numpy as np
import torch

from versionmatch.embed.architectures import find_architecture
from versionmatch.embed.published.cqt import constant_q_filters

SMALL = {
    "clews-1": {"channels": [8, 16, 32, 64], "front_channels": 4, "dim": 12},
    "fish-1": {"channels": [8, 16, 32, 64], "front_channels": 4, "dim": 12},
    "discogs-vinet-1": {"channels": 2, "dim": 7},
    "coverhunter-1": {"dim": 6, "width": 8, "heads": 2, "blocks": 2, "feed_forward": 10, "kernel": 5},
    "move-1": {"channels": 6, "dim": 5},
}
"""Hyper-parameters that leave the shape of each network as it is, and little else."""

FILTERS = {"clews-1": "cqt.0", "fish-1": "feature_extractor"}


@functools.cache
def network(architecture: str, seed: int = 440) -> torch.nn.Module:
    """A small network in evaluation mode with weights of a size that lets every part matter."""
    built = find_architecture(architecture).build(SMALL[architecture])
    generator = torch.Generator().manual_seed(seed)
    for name, values in built.state_dict().items():
        if not values.dtype.is_floating_point:
            continue
        if name.endswith(("running_var", ".p")) or ".gain" in name:
            values.copy_(0.5 + torch.rand(values.shape, generator=generator))
        elif values.ndim > 1:
            scale = values[0].numel() ** -0.5
            values.copy_(torch.randn(values.shape, generator=generator) * scale)
        else:
            values.copy_(1 + 0.3 * torch.randn(values.shape, generator=generator))
    for name, values in constant_q_filters(84, 16384).items() if architecture in FILTERS else ():
        built.state_dict()[f"{FILTERS[architecture]}.{name}"].copy_(torch.from_numpy(values))
    return built.eval().requires_grad_(False)


def state(architecture: str) -> dict[str, torch.Tensor]:
    return {name: values.clone() for name, values in network(architecture).state_dict().items()}


def batch(architecture: str) -> torch.Tensor:
    """Two inputs of the kind that the network takes; sound is 5 s long."""
    rng = np.random.default_rng(440)
    if architecture in FILTERS:
        time_s = np.arange(80000) / 16000
        tones = [sum(np.sin(2 * np.pi * f * time_s) * rng.random() for f in row) for row in ((110, 261), (196, 523))]
        return torch.from_numpy(np.stack(tones).astype(np.float32) + 0.01 * rng.standard_normal((2, 80000), np.float32))
    shapes = {"discogs-vinet-1": (2, 84, 300), "coverhunter-1": (2, 96, 120), "move-1": (2, 23, 400)}
    values = torch.from_numpy(rng.random(shapes[architecture], dtype=np.float32))
    if architecture == "move-1":
        return values - 4  # so that its non-linearities meet numbers of both signs
    return values * 100 - 100 if architecture == "coverhunter-1" else values
