"""How rare something is, in figures that claim no more than is known."""

from __future__ import annotations


def p_words(p: float) -> str:
    """A p-value, never as zero.

    >>> p_words(0.021), p_words(0.0002), p_words(1.0)
    ('.021', '< .001', '1.000')
    """
    return "< .001" if p < 0.001 else f"{p:.3f}".removeprefix("0")


def times_words(n: int) -> str:
    """How often something is there.

    >>> times_words(1), times_words(2), times_words(5)
    ('once', 'twice', '5 times')
    """
    return {0: "not", 1: "once", 2: "twice"}.get(n, f"{n} times")
