"""A raw value beside the values that unrelated pairs give, in a strip the size of a word."""

from __future__ import annotations

import numpy as np

from ..types import Evidence, Null
from .markup import Markup, element, number


def number_words(value: float) -> str:
    """Three significant digits.

    >>> number_words(0.01234), number_words(1234.5)
    ('0.0123', '1234')
    """
    digits = 2 - int(np.floor(np.log10(abs(value)))) if value else 0
    return f"{value:.{max(0, min(digits, 4))}f}" if value else "0"


def null_strip(e: Evidence) -> Markup:
    """How the values of unrelated pairs are spread, and where this one lies."""
    if e.null is None:
        return element("span", "no null distribution", class_="quiet")
    shape, marker, low, high = _spread(e.null, e.raw)
    label = (
        f"{number_words(e.raw)} {e.unit}; of {e.null.n_pairs} unrelated pairs, half lie below "
        f"{number_words(float(np.interp(0.5, np.linspace(0, 1, e.null.quantiles.size), e.null.quantiles)))} "
        f"and all between {number_words(low)} and {number_words(high)}"
    )
    return element(
        "svg",
        element("path", d=shape, class_="null"),
        element("line", x1="0", x2="160", y1="27.5", y2="27.5", class_="null-base"),
        element("path", d=f"M{number(marker)} 28V6M{number(marker)} 28m-4 6l4 -6l4 6z", class_="null-mark"),
        viewBox="0 0 160 36",
        width=160,
        height=36,
        role="img",
        aria_label=label,
        class_="null-strip",
    )


def _spread(null: Null, raw: float) -> tuple[str, float, float, float]:
    """Outline of the distribution in 160 by 28, the marker's x, the least and the greatest value."""
    quantiles = null.quantiles
    low, high = float(quantiles[0]), float(quantiles[-1])
    left, right = min(low, raw), max(high, raw)
    pad = 0.04 * max(right - left, 1e-9)
    left, right = left - pad, right + pad
    edges = np.linspace(left, right, 41)
    # a flat stretch of the quantile function is a value that many pairs share: nudge it apart to keep it invertible
    rising = quantiles + np.arange(quantiles.size) * max(right - left, 1e-9) * 1e-9
    below = np.interp(edges, rising, np.linspace(0, 1, quantiles.size), left=0.0, right=1.0)
    density = np.diff(below)
    smooth = np.convolve(np.pad(density, 1, mode="edge"), (0.25, 0.5, 0.25), mode="valid")
    smooth /= max(float(smooth.max()), 1e-9)
    xs = 160 * (np.arange(40) + 0.5) / 40
    points = [f"{number(x)} {number(27 - 24 * y)}" for x, y in zip(xs, smooth, strict=True)]
    return "M0 27L" + "L".join(points) + "L160 27Z", 160 * (raw - left) / (right - left), low, high
