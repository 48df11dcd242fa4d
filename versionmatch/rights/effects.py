"""What a grant, a work or a holder reaches, and what would change if a consent were withdrawn."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import InputError
from .allowed import allowed
from .facts import SCOPES
from .manifest import Manifest
from .state import State

Manifests = Mapping[str, Manifest]

NEEDS_RETRAIN, CURRENT = "needs-retrain", "current"
STANDING = (
    "A model that was trained with a withdrawn asset is marked needs-retrain. Only building it again without the asset "
    "leaves the asset out; nothing here changes a model's weights. Until then, and for what was made before, the asset "
    "stays attributable and payable."
)


@dataclass(frozen=True, slots=True)
class Affected:
    """All that is touched by an id: lists of ids, sorted."""

    assets: tuple[str, ...]
    grants: tuple[str, ...]
    manifests: tuple[str, ...]
    models: tuple[str, ...]
    runs: tuple[str, ...]
    statements: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data."""
        return {name: list(value) for name, value in asdict(self).items()}


def affected(state: State, name: str, manifests: Manifests) -> Affected:
    """Everything that an asset, a recording, a work, a party, a catalogue or a grant of that id reaches.

    ``manifests`` are the frozen corpora by root. InputError where nothing has that id.
    """
    assets, grants = assets_of(state, name)
    frozen = [root for root in state.manifests if root in manifests and _touches(manifests[root], assets, grants)]
    models = [i for i, body in state.models.items() if body["manifest"] in frozen]
    runs = [i for i, body in state.runs.items() if body["model"] in models]
    statements = [i for i, body in state.statements.items() if body["run"] in runs]
    return Affected(*(tuple(sorted(each)) for each in (assets, grants, frozen, models, runs, statements)))


def _touches(manifest: Manifest, assets: set[str], grants: set[str]) -> bool:
    return any(asset in assets or grants & set(by) for asset, by in manifest.pairs)


def assets_of(state: State, name: str) -> tuple[set[str], set[str]]:
    """The assets that an id stands for, and the grants on or by it."""
    if name in state.grants:
        grant = state.grants[name]
        return _assets(state, grant.subjects), {name}
    subjects = {(kind, name) for kind in ("asset", "recording", "work") if name in getattr(state, f"{kind}s")}
    if name in state.catalogues:
        subjects |= {(m["kind"], m["id"]) for m in state.catalogues[name]["members"]}
    if name in state.parties:
        subjects |= {("work", i) for i, body in state.works.items() if name in body["shares"]}
        subjects |= {("recording", i) for i, body in state.recordings.items() if name in body["owners"]}
    if not subjects and name not in state.parties:
        raise InputError(f"{name!r} is no asset, recording, work, catalogue, party or grant of this log")
    assets = _assets(state, subjects)
    near = subjects | {("asset", a) for a in assets} | {("recording", state.assets[a]["recording"]) for a in assets}
    grants = {i for i, g in state.grants.items() if g.subjects & near or g.grantor == name}
    return assets, grants


def _assets(state: State, subjects: Iterable[tuple[str, str]]) -> set[str]:
    found: set[str] = set()
    works = {i for kind, i in subjects if kind == "work"}
    recordings = {i for kind, i in subjects if kind == "recording"}
    recordings |= {i for i, body in state.recordings.items() if works & set(body["works"])} if works else set()
    for recording in recordings:
        found |= state.assets_of.get(recording, set())
    return found | {i for kind, i in subjects if kind == "asset"}


def model_status(state: State, model: str, manifests: Manifests, at: str) -> tuple[str, tuple[str, ...]]:
    """``"current"``, or ``"needs-retrain"`` and the assets of its corpus that may no longer be trained with."""
    if model not in state.models:
        raise InputError(f"there is no model {model!r}; there are: {', '.join(sorted(state.models)) or 'none'}")
    body = state.models[model]
    manifest = manifests[body["manifest"]]
    asked = {"model_version": body["version"], "territory": manifest.territory}
    gone = tuple(asset for asset, _ in manifest.pairs if not allowed(state, asset, "train", at, **asked))
    return (NEEDS_RETRAIN if gone else CURRENT), gone


def payable(state: State, asset: str, model: str, manifests: Manifests) -> bool:
    """Whether an asset has a part in what a model made: it was in the corpus, whatever was withdrawn since."""
    return model in state.models and asset in manifests[state.models[model]["manifest"]].assets


@dataclass(frozen=True, slots=True)
class Change:
    """What a withdrawal would do: asset → scopes that would no longer be permitted, and models to be built again."""

    scopes: Mapping[str, tuple[str, ...]]
    models: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data."""
        scopes = {asset: list(found) for asset, found in sorted(self.scopes.items())}
        return {"no longer permitted": scopes, NEEDS_RETRAIN: list(self.models), "note": STANDING}


def what_if(
    state: State, grants: Iterable[str], effective: str, manifests: Manifests, *, at: str = "", territory: str = ""
) -> Change:
    """What the revocation of some grants would change, without any of it being done.

    Scopes of a model are asked for the versions that were registered, and for those that the grants name.
    """
    names = sorted(set(grants))
    after = copy.copy(state)
    after.ended, after.revoked_by = dict(state.ended), state.revoked_by.copy()
    for name in names:
        if name not in state.grants:
            raise InputError(f"there is no grant {name!r}")
        after.ended[name] = min(state.ended.get(name, effective), effective)
    moment = at or max(effective, state.time)
    reached = {asset for name in names for asset in assets_of(state, name)[0]}
    versions = {body["version"] for body in state.models.values()}
    versions |= {v for name in names for v in state.grants[name].models if v != "*"} | {""}
    lost: dict[str, tuple[str, ...]] = {}
    for asset in reached:
        gone = tuple(
            scope
            for scope in SCOPES
            if any(
                allowed(state, asset, scope, moment, model_version=v, territory=territory)
                and not allowed(after, asset, scope, moment, model_version=v, territory=territory)
                for v in sorted(versions)
            )
        )
        if gone:
            lost[asset] = gone
    models = [
        m
        for m in state.models
        if model_status(state, m, manifests, moment)[0] != model_status(after, m, manifests, moment)[0]
    ]
    return Change(lost, tuple(sorted(models)))


def expiring(state: State, at: str, until: str) -> list[tuple[str, str]]:
    """The grants that are live at a time and end by another: when, and which, by time."""
    return sorted(
        (g.end, g.id) for g in state.grants.values() if g.end and at < g.end <= until and g.id not in state.ended
    )
