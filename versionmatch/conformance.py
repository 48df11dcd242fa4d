"""The one error of the conformance kits."""

from __future__ import annotations

from .errors import VersionMatchError


class ConformanceError(VersionMatchError, AssertionError):
    """A plugin breaks a rule of its seam."""


def demand(ok: bool, rule: str) -> None:
    """ConformanceError with the rule, where it is broken."""
    if not ok:
        raise ConformanceError(rule)
