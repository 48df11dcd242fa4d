"""Sound as AudioLDM's autoencoder sees it: the log of a mel spectrogram.

The front end of AudioLDM [1]_, which no saved pipeline holds: magnitudes of a Hann window of 1,024 samples at 16 kHz
every 160, 64 triangles on Slaney's mel scale from 0 to 8,000 Hz, each of area 1, and the natural log, not below log
0.00001.

References
----------
.. [1] Liu et al., "AudioLDM: text-to-audio generation with latent diffusion models", 2023.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

FLOOR = 1e-5


@dataclass(frozen=True, slots=True)
class MelSpec:
    """Sample rate, samples from one frame to the next, length of the window, bands up to half the sample rate."""

    sr: int = 16000
    hop: int = 160
    window: int = 1024
    bands: int = 64


def log_mel(samples: Tensor, spec: MelSpec) -> Tensor:
    """Mono sound ``(n,)`` → ``(n // hop, bands)``.

    >>> tone = torch.sin(torch.arange(16000) * (2 * torch.pi * 1000 / 16000))
    >>> log_mel(tone, MelSpec()).mean(0).argmax()  # the band whose middle is 1,022 Hz
    tensor(21)
    """
    half = spec.window // 2
    padded = functional.pad(samples[None, None], (half, half), mode="reflect" if len(samples) > half else "constant")[0]
    found = torch.stft(
        padded, spec.window, spec.hop, window=torch.hann_window(spec.window), center=False, return_complex=True
    )[0].abs()
    bank = torch.from_numpy(triangles(spec)).to(found.dtype)
    return (bank @ found[:, : len(samples) // spec.hop]).clamp(min=FLOOR).log().T


def triangles(spec: MelSpec) -> npt.NDArray[np.float64]:
    """``(bands, window // 2 + 1)``: each rises from the middle of the band below to its own, and falls to the next."""
    top = float(mel_of(np.array(spec.sr / 2)))
    corners = hertz_of(np.linspace(0.0, top, spec.bands + 2))
    bins = np.linspace(0.0, spec.sr / 2, spec.window // 2 + 1)
    rise = (bins - corners[:-2, None]) / np.diff(corners)[:-1, None]
    fall = (corners[2:, None] - bins) / np.diff(corners)[1:, None]
    found: npt.NDArray[np.float64] = (
        np.maximum(0.0, np.minimum(rise, fall)) * (2.0 / (corners[2:] - corners[:-2]))[:, None]
    )
    return found


def mel_of(hertz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Slaney's scale: straight up to 1,000 Hz, which is 15, then 27 steps for a factor of 6.4."""
    high = 15 + np.log(np.maximum(hertz, 1e-9) / 1000.0) * (27 / np.log(6.4))
    return np.where(hertz < 1000.0, hertz * (3 / 200), high)


def hertz_of(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The inverse of ``mel_of``."""
    return np.where(mel < 15, mel * (200 / 3), 1000.0 * np.exp((mel - 15) * (np.log(6.4) / 27)))
