"""Versions among real covers: the embedding, the harmony cue, the published recipe, and harmony with the embedding.

Fused is the mean of score-normalised similarities with equal weights, which nobody has tuned; other weights of the
embedding are listed beside it. Differences come with a paired bootstrap over works.
"""

from __future__ import annotations

import sys
from itertools import product
from typing import Any

from benchmarks.quality.covers import plain_recipe
from benchmarks.quality.embedding_common import SEED, WHAT, Settings, both_entries, compared, digest, entry, kept
from versionmatch.embed.levels import levels_of
from versionmatch.features.view import Track
from versionmatch.jobs.retrieval import RetrievalParams, ranking_tables, similarities
from versionmatch.jobs.retrieval_items import read_manifest
from versionmatch.jobs.retrieval_work import open_item
from versionmatch.match.metrics import paired_difference, rank
from versionmatch.match.normalise import normalised
from versionmatch.types import DoubleArray

COVERS = "dev/covers/covers30_cqt84_10hz.npz"
WEIGHTS = (0.5, 1.0, 2.0)
EQUAL = "fused, weights 1:1"
Pair = tuple[DoubleArray, DoubleArray]


def tracks(settings: Settings) -> tuple[list[Track], list[str]]:
    """The recordings and their works, in the manifest's order."""
    items = read_manifest(settings.data / COVERS)
    return [open_item(item, None, {}) for item in items], [item.work_id for item in items]


def measure(settings: Settings) -> dict[str, Any]:
    """Figures of every system, and the differences that matter."""
    opened, works = tracks(settings)
    heard = settings.heard([levels_of(track["cqt"]) for track in opened])
    systems: dict[str, Pair] = {f"embedding, {k}": v for k, v in compared(heard, heard).pairs().items()}
    systems |= {"harmony": harmony(settings), "published recipe": published(settings)}
    figures = {name: both_entries(*pair, works) for name, pair in systems.items()}
    fused = with_harmony(systems["harmony"][1], systems["embedding, both"][1])
    figures |= {name: {"z": entry(rank(table, works))} for name, table in fused.items()}
    tables = {name: pair[1] for name, pair in systems.items()} | fused
    return {"n_items": len(works), "n_works": len(set(works)), "systems": figures, "gains": gains(tables, works)}


def harmony(settings: Settings) -> Pair:
    """The harmony cue, raw and score-normalised; what it found is kept in the cache."""
    params = RetrievalParams(
        manifest=str(settings.data / COVERS), cue="harmony", cache_dir=str(settings.cache), workers=settings.workers
    )
    return ranking_tables(similarities(params, lambda text: print(text, file=sys.stderr)), "harmony")


def published(settings: Settings) -> Pair:
    """The published recipe (Qmax), raw and score-normalised."""
    path = settings.data / COVERS
    table = kept(settings.cache, f"qmax-{digest(path.read_bytes())}", lambda: plain_recipe(path))
    return table, normalised(table)


def with_harmony(harmony_z: DoubleArray, embedding_z: DoubleArray) -> dict[str, DoubleArray]:
    """Weighted means of the two."""
    return {
        EQUAL if weight == 1 else f"fused, weights 1:{weight:g}": (harmony_z + weight * embedding_z) / (1 + weight)
        for weight in WEIGHTS
    }


def gains(tables: dict[str, DoubleArray], works: list[str]) -> dict[str, Any]:
    """Score-normalised systems against the recipe and against harmony: differences of MAP and of MR1."""
    ranked = {name: rank(table, works) for name, table in tables.items()}
    ours = [f"embedding, {name}" for name in WHAT] + [name for name in tables if name.startswith("fused")]
    pairs = [*product(ours, ("published recipe", "harmony")), (EQUAL, "embedding, both")]
    return {
        f"{a} - {b}": {key: paired_difference(ranked[a], ranked[b], key, seed=SEED) for key in ("map", "mr1")}
        for a, b in pairs
    }
