"""The whole example, from nothing to a run that is validated twice: by its self-tests, and by training again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..attribution.reference.demo import DemoParams, example, retrained, title_of
from ..files import write_atomically
from .attribution import AttributionParams, Inputs, Tell
from .attribution_corpus import Disclosed, read_corpus, write_corpus
from .attribution_run import Done, run
from .attribution_validate import Controls, validate

RETRAINED = "retrained.json"
ABOUT = (
    "A small transformer was trained on generated tunes of made-up rights holders. Outputs whose names begin with made "
    "are its own; those that begin with control were made by hand: of an item with 30 % of its notes replaced, of two "
    "items in turn, and by another model of other music."
)


@dataclass(frozen=True, eq=False, slots=True)
class Demo:
    """The run, what its self-tests said, and what training again gave."""

    done: Done
    validation: dict[str, Any]
    retrained: dict[str, Any] | None


def demo(folder: Path, params: DemoParams | None = None, *, compare: int = 2, tell: Tell = lambda _: None) -> Demo:
    """Train, generate, validate, attribute, train again without the top items; everything stays in the folder."""
    sizes = params or DemoParams()
    found = example(sizes, folder, tell=tell)
    found.write(folder)
    first = found.models[0]
    titles = {tune.id: {"title": title_of(tune)} for tune in first.tunes}
    source = write_corpus(folder / "tunes.json", Disclosed(first.corpus, titles))
    models = tuple(f"reference-transformer:model={path}" for path in found.folders)
    inputs = Inputs.open(models, read_corpus(source), (str(folder / "outputs"),), (str(folder / "panel"),))
    settings = AttributionParams(method=sizes.method, seed=sizes.seed, top=20, full=True, compare=compare)
    strangers = Controls.open(inputs, (str(folder / "strangers"),))
    validation = validate(inputs, settings, folder, strangers, count=sizes.checked, tell=tell)
    done = run(inputs, settings, folder, formats=("csv", "jsonl"), tell=tell)
    ids = [tune.id for tune in first.tunes]
    scores = {row["query"]: np.array([row["scores"][item] for item in ids]) for row in done.rows}
    ranked = [row["query"] for row in done.rows if row["verdict"] == "ranked"]
    again = retrained(sizes, found, scores, ranked, folder, tell=tell)
    with write_atomically(folder / RETRAINED) as file:
        file.write((json.dumps(again, indent=1) + "\n").encode())
    return Demo(done, validation, again)
