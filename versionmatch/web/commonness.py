"""How common the figure of a passage is: in so many of so many works, on a scale of powers of ten."""

from __future__ import annotations

import math

from ..types import Common
from .markup import Markup, element, join, number

WIDTH, HEIGHT, PAD = 220, 34, 8


def common_words(common: Common) -> str:
    """The count in words.

    >>> common_words(Common("folk tunes", 41, 909, "a run of five steps"))
    'in 41 of 909 works of folk tunes'
    """
    count = "none" if common.n_with == 0 else f"{common.n_with:,}"
    return f"in {count} of {common.n_works:,} works of {common.corpus}"


def meter(common: Common) -> Markup:
    """A small scale from one work to all of them, with the figure's count marked; left is rare."""
    works = max(2, common.n_works)
    marks = [element("line", x1=number(PAD), x2=number(WIDTH - PAD), y1="14", y2="14", class_="meter-line")]
    for tick in [10**k for k in range(int(math.log10(works)) + 1)] + [works]:
        x = number(_place(tick, works))
        marks.append(element("line", x1=x, x2=x, y1="10", y2="18", class_="meter-line"))
        if tick == works or tick * 3 < works:
            anchor = "start" if tick == 1 else "end" if tick == works else "middle"
            edge = number(PAD - 4) if tick == 1 else number(WIDTH - PAD + 4) if tick == works else x
            marks.append(element("text", f"{tick:,}", x=edge, y="31", text_anchor=anchor, class_="meter-name"))
    x = number(_place(max(1, common.n_with), works))
    marks.append(element("circle", cx=x, cy="14", r="5", class_="meter-mark" if common.n_with else "meter-mark none"))
    drawing = element(
        "svg",
        marks,
        class_="meter",
        width=WIDTH,
        height=HEIGHT,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=f"{common.figure}: {common_words(common)}; left on the scale is rare, right is common",
    )
    return join(element("span", f"{common.figure}: {common_words(common)}"), drawing)


def _place(n: int, works: int) -> float:
    return PAD + (WIDTH - 2 * PAD) * math.log(n) / math.log(works)
