"""A network's moments in few numbers: along the axes in which those of music differ most, for each rotation frequency.

A transposition rotates the pitch classes, so that only linear maps that are circular along them keep its law: in the
Fourier domain of the pitch classes one matrix for each frequency. Of those to ``n`` features that lose least of some
music, the principal axes are the best at each frequency [1]_.

References
----------
.. [1] Pearson, "On lines and planes of closest fit to systems of points in space", 1901.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ..errors import InputError, IntegrityError
from ..types import FloatArray

if TYPE_CHECKING:
    from torch import Tensor

NAME = "moments.safetensors"
"""The file in a model's directory."""
FREQUENCIES = 6
"""Of twelve pitch classes, without the mean, which vectors do not have."""

Complex = npt.NDArray[np.complex64]


@dataclass(frozen=True, eq=False, slots=True)
class MomentAxes:
    """Orthonormal axes ``(6, dim, n)``, complex, for the frequencies 1 to 6; those of the last are real."""

    values: Complex

    def __post_init__(self) -> None:
        shape = self.values.shape
        if len(shape) != 3 or shape[0] != FREQUENCIES or not 1 <= shape[2] <= shape[1]:
            raise InputError(f"axes of moments have shape (6, dim, n) with n of 1 to dim; got {shape}")
        if not np.isfinite(self.values).all() or np.abs(self.values[-1].imag).max() > 0:
            raise InputError("axes of moments are finite, and real at the last frequency")

    @property
    def dim(self) -> int:
        """Features of the network's moments."""
        return int(self.values.shape[1])

    @classmethod
    def of_music(cls, moments: Iterable[FloatArray], n: int) -> MomentAxes:
        """The ``n`` axes that lose least of some recordings' moments, each ``(n_moments, dim, 12)``.

        Each recording counts the same; moments of length 0 do not count.
        """
        total: Any = 0.0
        for each in moments:
            sounding = each[np.abs(each).max(axis=(1, 2)) > 0].astype(np.float64)
            spectrum = np.fft.rfft(sounding, axis=2)[:, :, 1:]
            product = np.einsum("iaf,ibf->fab", spectrum, spectrum.conj(), optimize=True)
            total = total + product / max(1, len(sounding))
        total[-1] = total[-1].real
        vectors = np.linalg.eigh(total)[1][:, :, ::-1][:, :, :n].astype(np.complex64)
        vectors[-1] = vectors[-1].real
        return cls(vectors)

    @classmethod
    def read(cls, path: Path) -> MomentAxes:
        """From a file; IntegrityError where it is none."""
        try:
            parts = load(path.read_bytes())
            values = np.empty(parts["real"].shape, dtype=np.complex64)
            values.real, values.imag = parts["real"], parts["imaginary"]
            return cls(values)
        except (SafetensorError, OSError, KeyError, ValueError) as error:
            raise IntegrityError(f"{path} cannot be read: {error}; get the model again") from error

    def to_bytes(self) -> bytes:
        """The file's content; the same axes give the same bytes."""
        parts = {"imaginary": self.values.imag, "real": self.values.real}
        return bytes(save({name: np.ascontiguousarray(part) for name, part in parts.items()}))

    def along(self, moments: Tensor) -> Tensor:
        """Moments ``(n, dim, 12)`` along the axes, ``(n, n_axes, 12)``, each of length 1, or 0 where it was."""
        import torch

        spectrum = torch.fft.rfft(moments, dim=2)
        axes = torch.from_numpy(self.values.conj())
        kept = torch.einsum("idf,fda->iaf", spectrum[:, :, 1:], axes)
        found = torch.fft.irfft(torch.nn.functional.pad(kept, (1, 0)), n=12, dim=2)
        length = found.flatten(1).norm(dim=1)
        unit: Tensor = found / length.clamp(min=1e-6)[:, None, None]
        return unit
