"""How often training looks at each level of noise: distributions of timesteps, from even numbers by their quantiles.

Made from even numbers in strata (``Draws.levels``), so that a few draws cover a distribution evenly. Level 0 is clean,
1 is noise. Distributions: even; logit-normal [1]_, as it is or cut below; a normal log of the signal-to-noise ratio.

References
----------
.. [1] Esser et al., "Scaling rectified flow transformers for high-resolution image synthesis", 2024.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ...errors import ParamsError

LEAST = 2.0**-25
"""Even numbers are kept off 0 and 1 by this, where quantiles are infinite."""
CUT = 0.075
"""Below which the cut logit-normal has nothing, before it is spread over 0 to 1 again."""


@dataclass(frozen=True, slots=True)
class LogSnr:
    """Mean and standard deviation of the log of the signal-to-noise ratio."""

    mean: float = -1.2
    std: float = 2.0


def uniform(even: Tensor, _: LogSnr) -> Tensor:
    """All levels alike."""
    return even


def logit_normal(even: Tensor, _: LogSnr) -> Tensor:
    """The logistic of a standard normal number: the middle more often than the ends."""
    return _normal(even).sigmoid()


def trunc_logit_normal(even: Tensor, _: LogSnr) -> Tensor:
    """Logit-normal without its part below ``CUT``, spread over 0 to 1 and turned round: noise more often than clean."""
    least = float(torch.special.ndtr(torch.tensor(math.log(CUT / (1 - CUT)))))
    kept = _normal(least + (1 - least) * even).sigmoid()
    return 1 - (kept - CUT) / (1 - CUT)


def log_snr(even: Tensor, options: LogSnr) -> Tensor:
    """The log of (1 - t) / t is normal; t is kept within 0.0001 of the ends."""
    return (-(options.mean + options.std * _normal(even))).sigmoid().clamp(1e-4, 1 - 1e-4)


SAMPLERS: Mapping[str, Callable[[Tensor, LogSnr], Tensor]] = {
    "uniform": uniform,
    "logit_normal": logit_normal,
    "trunc_logit_normal": trunc_logit_normal,
    "log_snr": log_snr,
}
"""By the names that configurations use."""


def _normal(even: Tensor) -> Tensor:
    return torch.special.ndtri(even.double().clamp(LEAST, 1 - LEAST)).to(even.dtype)


@dataclass(frozen=True, slots=True)
class Shift:
    """Levels moved towards noise, the more the longer the latents are.

    With m rising in a straight line from ``base_shift`` at ``min_length`` frames to ``max_shift`` at ``max_length``,
    t becomes 1 - 1 / (1 + e^m · t / (1 - t)); with ``use_sine``, the sine of a quarter turn of that.
    """

    base_shift: float = 0.5
    max_shift: float = 1.15
    max_length: int = 4096
    min_length: int = 256
    use_sine: bool = False

    def __post_init__(self) -> None:
        if self.max_length <= self.min_length:
            raise ParamsError(f"max_length must be above min_length; got {self.max_length} and {self.min_length}")

    def moved(self, times: Tensor, length: int) -> Tensor:
        """Levels of latents of ``length`` frames.

        >>> Shift().moved(torch.tensor([0.0, 0.5, 1.0]), 256)
        tensor([0.0000, 0.6225, 1.0000])
        """
        share = (length - self.min_length) / (self.max_length - self.min_length)
        factor = math.exp(self.base_shift + (self.max_shift - self.base_shift) * share)
        found = factor * times / (1 - times + factor * times)
        return torch.sin(found * (math.pi / 2)) if self.use_sine else found
