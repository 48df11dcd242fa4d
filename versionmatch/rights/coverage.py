"""How much of a corpus is licensed for what: master beside publishing, by scope."""

from __future__ import annotations

from .allowed import allowed
from .facts import SCOPES
from .state import State


def coverage(state: State, at: str, model_version: str = "", territory: str = "") -> dict[str, dict[str, int]]:
    """Scope → how many assets are permitted, lack only the master, only publishing, both, or are not known enough."""
    table: dict[str, dict[str, int]] = {}
    for scope in SCOPES:
        row = {"permitted": 0, "master lacks": 0, "publishing lacks": 0, "both lack": 0}
        for asset in state.assets:
            found = allowed(state, asset, scope, at, model_version=model_version, territory=territory)
            lacks = {reason.partition(" ")[0] for reason in found.reasons} & {"master", "publishing"}
            name = "permitted" if found else "both lack" if len(lacks) == 2 else f"{lacks.pop()} lacks"
            row[name] += 1
        table[scope] = row
    return table
