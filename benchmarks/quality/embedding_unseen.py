"""Works and a soundfont that training never met: retrieval by kind of change and by how far the changes go.

Of the works that are held out from training, every third is watched while it runs; those here are others. All versions
are played by the soundfont that training leaves out. A query has one kind of change, at difficulty 1, or all of them
at a difficulty within a band, or lies in a medley, or has chords that know its melody alone; its candidates are the
plain renderings (difficulty 0) of all the works. A plain rendering of a plain query, by other players, shows how much
of a loss is owed to them. Where all is changed some versions lose their melody altogether; of a tune over three triads
that leaves nothing of its own, so figures are also told without them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.quality.embedding_common import WHAT, Settings, across, both_entries, compared, entry
from versionmatch.factory.arrange import KINDS
from versionmatch.factory.pool import PoolSpec, Version, build_pool, read_pool
from versionmatch.factory.soundfonts import UNSEEN_SOUNDFONT
from versionmatch.factory.work import Work, read_works
from versionmatch.jobs.train import held_out
from versionmatch.match.metrics import rank
from versionmatch.types import DoubleArray, FloatArray, Segments

COLLECTIONS = ("pop909", "openewld", "nottingham", "cre")
N_WORKS, EVERY = 64, 3
BANDS = {"difficulty 0 to .33": (0.0, 0.33), "difficulty .33 to .67": (0.33, 0.67), "difficulty .67 to 1": (0.67, 1.0)}
PLAIN, OTHER_CAST = "plain", "nothing, other players"
MEDLEY, ANEW = "a medley with another work", "chords found anew for the melody alone"


def chosen_works(folder: Path) -> list[Work]:
    """Works that are held out and not watched, evenly spread over the collections."""
    works = [w for name in COLLECTIONS for w in read_works(folder / f"{name}.npz") if w.length > 12 and held_out(w)]
    unwatched = [w for i, w in enumerate(works) if i % EVERY]
    at = np.unique(np.linspace(0, len(unwatched) - 1, N_WORKS).round().astype(int))
    return [unwatched[i] for i in at]


def specs() -> dict[str, PoolSpec]:
    """Every pool by what its versions are changed in; the plain one has two renderings of each work."""

    def spec(name: str, low: float, high: float, **further: Any) -> PoolSpec:
        settings = {"versions": 1, "soundfonts": (UNSEEN_SOUNDFONT,), **further}
        return PoolSpec(name=f"measured-{name}", route="rendered", easiest=low, hardest=high, **settings)

    found = {PLAIN: spec("plain", 0.0, 0.0, versions=2)}
    found |= {MEDLEY: spec("medley", 0.0, 0.0, medleys=1.0), ANEW: spec("anew", 0.0, 0.0, anew=1.0)}
    found |= {name: spec(f"band-{i}", *band) for i, (name, band) in enumerate(BANDS.items())}
    return found | {kind: spec(f"only-{kind}", 1.0, 1.0, only=kind) for kind in KINDS}


def made(settings: Settings) -> tuple[list[Work], dict[str, list[Version]]]:
    """The versions of all pools, made where they are not in the cache yet."""
    if settings.works is None:
        raise SystemExit("the unseen works are read from the cache of `versionmatch train`: name it with --works")
    works = chosen_works(settings.works)
    home, pools = settings.cache / "pools", {}
    for name, spec in specs().items():
        folder = build_pool(spec, works, home, workers=settings.workers, progress=lambda t: print(t, file=sys.stderr))
        pools[name] = read_pool(folder)
    plain = pools[PLAIN]
    pools[PLAIN], pools[OTHER_CAST] = plain[: len(works)], plain[len(works) :]
    return works, pools


def prepare(settings: Settings) -> None:
    """Make the versions and nothing else."""
    made(settings)


def measure(settings: Settings) -> dict[str, Any]:
    """Figures over all, by band and by kind."""
    works, pools = made(settings)
    ids = [w.id for w in works]
    heard = {name: settings.heard(levels_of(versions)) for name, versions in pools.items()}
    changes = (OTHER_CAST, *KINDS, MEDLEY, ANEW, *BANDS)
    by_change = {name: against_plain(heard[name], heard[PLAIN], ids) for name in changes}
    banded, all_ids = [s for name in BANDS for s in heard[name]], ids * len(BANDS)
    found = compared(banded, banded)
    tables = found.pairs()
    sung = np.flatnonzero([v.changes.get("lead") != "absent" for name in BANDS for v in pools[name]])
    among = found.among(sung).pairs()
    return {
        "soundfont": UNSEEN_SOUNDFONT,
        "n_works": len(works),
        "works_by_collection": {c: sum(w.collection == c for w in works) for c in COLLECTIONS},
        "overall": {name: both_entries(*tables[name], all_ids) for name in WHAT},
        "with_their_melody": {name: both_entries(*among[name], [all_ids[i] for i in sung]) for name in WHAT},
        "by_collection": by_collection(tables["both"][1], all_ids),
        "by_change": by_change,
    }


def by_collection(z: DoubleArray, works: Sequence[str]) -> dict[str, dict[str, float]]:
    """All changes, all against all, told apart by the query's collection: MAP of ``both``, score-normalised."""
    ranking = rank(z, works)
    of = np.array([work.partition("/")[0] for work in ranking.works])
    return {
        c: {"map": float(ranking.values["map"][of == c].mean()), "n_queries": int((of == c).sum())} for c in COLLECTIONS
    }


def levels_of(versions: Sequence[Version]) -> list[FloatArray]:
    """As the network reads them."""
    return [v.levels.astype(np.float32) / np.float32(255) for v in versions]


def against_plain(queries: Sequence[Segments], plain: Sequence[Segments], works: Sequence[str]) -> dict[str, Any]:
    """One query of each work against the plain renderings of all."""
    raw = compared(queries, plain).raw()
    ranked = {name: {"raw": across(table, works), "z": across(table, works, z=True)} for name, table in raw.items()}
    return {name: {kind: entry(ranking) for kind, ranking in pair.items()} for name, pair in ranked.items()}
