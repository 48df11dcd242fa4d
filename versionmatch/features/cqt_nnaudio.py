"""The constant-Q transform by nnAudio: in batches on torch, on a GPU where there is one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from ..errors import MissingExtra
from ..plugins import Track
from ..types import Audio, Features, FloatArray
from .cqt import BINS_PER_OCTAVE, FMIN_HZ, HOP, N_BINS, SR, checked, n_frames, transform_settings
from .tuning import tuning_cents

BLOCK_FRAMES = 1000
HALO_FRAMES = 26  # half of nnAudio's kernel of 16384 samples, in whole frames
BATCH = {"cpu": 4, "cuda": 64}
SEMITONE = 2.0 ** (1.0 / BINS_PER_OCTAVE)
FILTER_SCALE = (SEMITONE**2 + 1) / (SEMITONE**2 - 1) * (SEMITONE - 1)
"""nnAudio's Q is 1 / (2^(1/12) - 1), librosa's (2^(2/12) + 1) / (2^(2/12) - 1); their ratio evens the lengths."""


class NNAudioCQT:
    """The same 84 bins and frames as ``LibrosaCQT``, by nnAudio's ``CQT1992v2``.

    Magnitudes need no factor: with nnAudio's normalisation ``"librosa"`` and filters of librosa's length
    they agree: on music no value differs by more than 3 % of the largest magnitude, the mean difference
    is below 2 % of the mean magnitude, and the cosine between the two transforms is above 0.999. What
    remains is librosa's resampling between its octaves.

    Parameters
    ----------
    tuning : bool
        As for ``LibrosaCQT``.
    device : str, optional
        ``"cpu"`` or ``"cuda"``; by default a GPU where torch finds one. Reduced precision (TF32) is off
        on either, so the device does not enter ``settings``.

    Raises
    ------
    MissingExtra
        Where torch or nnAudio is not installed.

    References
    ----------
    Cheuk, Anderson, Agres, Herremans, "nnAudio: an on-the-fly GPU audio to spectrogram conversion
    toolbox using 1D convolutional neural networks", IEEE Access 8, 2020.
    """

    name = "cqt-nnaudio"
    kind = "cqt"
    needs = ("audio",)

    def __init__(self, *, tuning: bool = True, device: str | None = None) -> None:
        self._tuning = tuning
        torch = _torch()
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")

    @property
    def settings(self) -> dict[str, object]:
        """Everything that shapes the values."""
        return transform_settings(tuning=self._tuning)

    def extract(self, track: Track) -> Features:
        """The transform of ``track["audio"]``, which must be at 16 kHz."""
        torch = _torch()
        audio = checked(track["audio"])
        cents = tuning_cents(audio) if self._tuning else 0.0
        transform = _transform(cents, self.device)
        values = np.empty((N_BINS, n_frames(audio)), dtype=np.float32)
        with torch.inference_mode(), torch.backends.cudnn.flags(deterministic=True, allow_tf32=False):
            for first, batch in _batches(audio, BATCH["cuda" if self.device.startswith("cuda") else "cpu"]):
                sound = torch.from_numpy(batch).to(self.device)
                result = transform(sound, normalization_type="librosa").cpu().numpy()
                for i, magnitudes in enumerate(result):
                    start = first + i * BLOCK_FRAMES
                    target = values[:, start : start + BLOCK_FRAMES + 1]  # the last frame of all has no block
                    target[:] = magnitudes[:, HALO_FRAMES : HALO_FRAMES + target.shape[1]]
        values.flags.writeable = False
        return Features(self.kind, values, SR / HOP, facts={"tuning_cents": cents})


def _batches(audio: Audio, size: int) -> Iterator[tuple[int, FloatArray]]:
    """First frame and sound ``(n_blocks, n_samples)`` of batches of equally long blocks; silence beyond the ends."""
    length, halo = BLOCK_FRAMES * HOP, HALO_FRAMES * HOP
    rows: list[FloatArray] = []
    first = 0
    for start, block in audio.blocks(length, halo=halo):
        row = np.zeros(length + 2 * halo, dtype=np.float32)
        before = halo - min(start, halo)
        row[before : before + block.size] = block
        rows.append(row)
        if len(rows) == size:
            yield first, np.stack(rows)
            first, rows = first + size * BLOCK_FRAMES, []
    if rows:
        yield first, np.stack(rows)


@lru_cache(maxsize=8)
def _transform(cents: float, device: str) -> Any:
    return constant_q(cents).to(device)


def constant_q(tuning_cents: float = 0.0) -> Any:
    """The transform as a ``torch.nn.Module``, ``(batch, n)`` samples to ``(batch, 84, frame)``.

    To be called with ``normalization_type="librosa"``. MissingExtra where nnAudio is not installed.
    """
    try:
        from nnAudio.features import CQT1992v2
    except ImportError as error:
        raise MissingExtra("the extractor 'cqt-nnaudio'", extra="torch") from error
    return CQT1992v2(
        sr=SR,
        hop_length=HOP,
        fmin=FMIN_HZ * math.pow(2.0, tuning_cents / 1200.0),
        n_bins=N_BINS,
        bins_per_octave=BINS_PER_OCTAVE,
        filter_scale=FILTER_SCALE,
        pad_mode="constant",
        verbose=False,
    )


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise MissingExtra("the extractor 'cqt-nnaudio'", extra="torch") from error
    return torch
