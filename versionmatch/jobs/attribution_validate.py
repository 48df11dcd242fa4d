"""Self-tests on a user's own model: may its rankings be used, and why not."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..attribution.cache import Cache
from ..attribution.selftest import Bench, selftest, usable
from ..errors import InputError
from ..files import write_atomically
from .attribution import AttributionParams, Inputs, Tell
from .attribution_files import SUFFIXES, digests_of, files_of
from .attribution_run import VALIDATION, facts_of

SCHEMA = "versionmatch.attribution-validation/1"


@dataclass(frozen=True, eq=False, slots=True)
class Controls:
    """Further pieces of a validation: ``strangers`` owe the corpus nothing; ``known`` were made of an item."""

    strangers: Mapping[str, Path]
    known: Mapping[str, tuple[Path, str]]

    @classmethod
    def open(cls, inputs: Inputs, strangers: tuple[str, ...] = (), known: Path | None = None) -> Controls:
        """Of files; ``known`` is a CSV file with the columns path (seen from it) and item."""
        suffixes = getattr(inputs.models[0], "suffixes", SUFFIXES)
        found = files_of(strangers, what="strangers", suffixes=suffixes) if strangers else {}
        both = sorted({p.resolve() for p in found.values()} & {p.resolve() for p in inputs.panel.values()})
        if both:
            raise InputError(f"{both[0]} is of the panel and a stranger; strangers are further pieces")
        return cls({f"stranger/{name}": path for name, path in found.items()}, _known(known, inputs))


def _known(path: Path | None, inputs: Inputs) -> dict[str, tuple[Path, str]]:
    if path is None:
        return {}
    found = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), 1):
            if not row.get("path") or row.get("item") not in set(inputs.disclosed.corpus.ids):
                raise InputError(f"{path}, row {number}: path and item, an id of the corpus, are needed; got {row}")
            piece = path.parent / row["path"]
            found[f"known/{piece.stem}"] = (piece, str(row["item"]))
    return found


def validate(
    inputs: Inputs,
    params: AttributionParams,
    folder: Path,
    controls: Controls,
    *,
    count: int = 20,
    tell: Tell = lambda _: None,
) -> dict[str, Any]:
    """Run the self-tests and keep ``validate.json``, which a run of the same model, corpus, method and code cites.

    ``count`` items are looked at in each test. What is computed lies in the cache of the folder, as a run's does.
    """
    contexts = inputs.contexts(params, Cache(folder / "cache"), tell)
    bench = Bench(
        contexts, params.made(), dict(inputs.panel), dict(controls.strangers), dict(controls.known), count, tell
    )
    checks = selftest(bench)
    yes, against = usable(checks)
    facts = facts_of(inputs, params, folder)
    names = ("versionmatch", "code_sha256", "models", "corpus", "params", "method", "panel", "registered", "versions")
    found = {
        "schema": SCHEMA,
        "usable": yes,
        "reasons": list(against),
        "checks": [check.to_dict() for check in checks],
        "count": count,
        **{name: facts[name] for name in names},
        "strangers": digests_of(controls.strangers, folder),
        "known": digests_of({name: path for name, (path, _) in controls.known.items()}, folder),
    }
    with write_atomically(folder / VALIDATION) as file:
        file.write((json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode())
    return found
