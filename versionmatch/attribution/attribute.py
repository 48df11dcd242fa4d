"""From outputs to results: capabilities checked, candidates shortlisted, scores centred, a verdict given."""

from __future__ import annotations

from typing import Any

from ..errors import CapabilityError


def checked(method: Any, model: Any) -> None:
    """CapabilityError where the model does not offer what the method requires."""
    missing = set(method.requires) - set(model.capabilities)
    if missing:
        raise CapabilityError(method.name, model.name, missing=missing, offered=model.capabilities)
