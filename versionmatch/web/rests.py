"""The line in the foot of a page that says on which state of a log of rights it rests."""

from __future__ import annotations

from .markup import Markup, element, join


def resting_on(checkpoint: str) -> Markup:
    """``checkpoint: NAME SIZE ROOT``, which ``audit verify --against`` reads; nothing where there is no log."""
    if not checkpoint:
        return join()
    return element("p", "checkpoint: ", element("code", checkpoint), class_="checkpoint")
