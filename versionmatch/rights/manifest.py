"""A corpus frozen: which assets, by which grants, and one root that stands for them all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..audit.canonical import canonical
from ..audit.merkle import inclusion_proof, leaf_hash, root_of
from ..errors import InputError, IntegrityError, NotPermitted
from .allowed import allowed
from .state import State

Pair = tuple[str, tuple[str, ...]]
"""An asset, and the grants by which it was permitted."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was frozen: pairs of an asset and its grants, by asset, and what they were frozen for."""

    scope: str
    model_version: str
    territory: str
    frozen_at: str
    pairs: tuple[Pair, ...]

    def __post_init__(self) -> None:
        assets = [asset for asset, _ in self.pairs]
        if assets != sorted(set(assets)):
            raise InputError("a manifest's assets must each be there once, sorted")

    @property
    def root(self) -> str:
        """The root of the Merkle tree over the pairs, as hexadecimal digits."""
        return root_of(self._leaves()).hex()

    @property
    def assets(self) -> frozenset[str]:
        """The ids of all assets."""
        return frozenset(asset for asset, _ in self.pairs)

    def proof(self, asset: str) -> tuple[int, tuple[bytes, ...]]:
        """Where an asset's pair is, and what shows that it is under the root; see ``audit.merkle.included``."""
        number = next((i for i, (a, _) in enumerate(self.pairs) if a == asset), None)
        if number is None:
            raise InputError(f"asset {asset!r} is not in the frozen corpus {self.root[:12]}…")
        return number, inclusion_proof(self._leaves(), number)

    def _leaves(self) -> list[bytes]:
        return [leaf_of(pair) for pair in self.pairs]

    def body(self) -> dict[str, object]:
        """What the log keeps of it."""
        names = ("root", "scope", "model_version", "territory", "frozen_at")
        return {**{name: getattr(self, name) for name in names}, "size": len(self.pairs)}

    def to_json(self) -> bytes:
        """The file's content."""
        names = ("scope", "model_version", "territory", "frozen_at")
        pairs = [[asset, list(grants)] for asset, grants in self.pairs]
        return canonical({**{name: getattr(self, name) for name in names}, "pairs": pairs})

    @classmethod
    def of_json(cls, content: bytes, root: str) -> Manifest:
        """The manifest in a file; IntegrityError where it does not have the root that the log tells."""
        try:
            found = json.loads(content)
            pairs = tuple((asset, tuple(grants)) for asset, grants in found.pop("pairs"))
            manifest = cls(**found, pairs=pairs)
        except (ValueError, TypeError, KeyError) as error:
            raise IntegrityError(f"the manifest {root[:12]}… cannot be read: {error}; restore a backup") from error
        if manifest.root != root:
            raise IntegrityError(f"the manifest {root[:12]}… is not what was frozen; restore a backup")
        return manifest


def leaf_of(pair: Pair) -> bytes:
    """The hash of a pair as a leaf."""
    return leaf_hash(canonical([pair[0], list(pair[1])]))


def freeze(
    state: State,
    assets: Iterable[str],
    *,
    scope: str,
    at: str,
    model_version: str = "",
    territory: str = "",
) -> tuple[Manifest, dict[str, tuple[str, ...]]]:
    """What of some assets may be used, frozen; and what was left out, with the reasons."""
    pairs: list[Pair] = []
    without: dict[str, tuple[str, ...]] = {}
    for asset in sorted(set(assets)):
        found = allowed(state, asset, scope, at, model_version=model_version, territory=territory)
        if found:
            pairs.append((asset, found.grants))
        else:
            without[asset] = found.reasons
    return Manifest(scope, model_version, territory, at, tuple(pairs)), without


def refuse_outside(corpus: Manifest, candidates: Sequence[str]) -> None:
    """Nothing, where all candidates are in the frozen corpus; else NotPermitted names those that are not (exit code 4).

    Whoever ranks recordings that may have shaped a model calls this first: what was not in its corpus cannot have.

    Examples
    --------
    >>> refuse_outside(Manifest("train", "v1", "", "2026-01-01T00:00:00Z", (("a", ()),)), ["a", "b"])
    Traceback (most recent call last):
    versionmatch.errors.NotPermitted: 1 of 2 candidates are not in the frozen corpus ...: b; ...
    """
    outside = sorted(set(candidates) - corpus.assets)
    if outside:
        shown = ", ".join(outside[:5]) + (", …" if len(outside) > 5 else "")
        raise NotPermitted(
            f"{len(outside)} of {len(set(candidates))} candidates are not in the frozen corpus {corpus.root[:12]}…: "
            f"{shown}; leave them out, or name the manifest that the model was registered with"
        )
