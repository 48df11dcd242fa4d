"""Features whose values are whole multiples of one step, in a byte each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ..types import FloatArray

STEP = "step"
"""The fact by which a feature says that its values are multiples of a number."""

Steps = npt.NDArray[np.int8]


def in_steps(values: FloatArray, facts: Mapping[str, float | str]) -> Steps | None:
    """The values divided by the step that the facts name, where bytes hold just them; else None.

    >>> in_steps(np.array([[0.5, -1.0]], np.float32), {"step": 0.25}).tolist()
    [[2, -4]]
    """
    step = facts.get(STEP)
    if not isinstance(step, float) or not step > 0:
        return None
    steps = np.rint(values / np.float32(step))
    if steps.size and (steps.min() < -128 or steps.max() > 127):
        return None
    found: Steps = steps.astype(np.int8)
    return found if values_of(found, step).tobytes() == values.tobytes() else None


def values_of(steps: Steps, step: float) -> FloatArray:
    """The values again."""
    values: FloatArray = steps.astype(np.float32) * np.float32(step)
    return values
