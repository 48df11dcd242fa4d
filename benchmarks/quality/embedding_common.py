"""What the measurements of an embedding share: recordings heard by a model, tables of similarities, figures of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from versionmatch.embed.extractor import segments_of
from versionmatch.embed.keys import products, spectra
from versionmatch.embed.loaded import VersionModel
from versionmatch.files import write_atomically
from versionmatch.match.metrics import Ranking, intervals, rank
from versionmatch.match.normalise import normalised
from versionmatch.types import DoubleArray, FloatArray, IntArray, Segments

SEED = 440
WHAT = ("whole", "segments", "both")


@dataclass(frozen=True, slots=True)
class Settings:
    """What every measurement is given: the model, the data beside the project, and a folder for what takes long."""

    model: VersionModel | None
    data: Path
    cache: Path
    works: Path | None = None
    workers: int = 1

    def heard(self, levels: Sequence[FloatArray]) -> list[Segments]:
        """The segments of each recording, as the extractor makes them."""
        if self.model is None:
            raise SystemExit("this measurement needs a model: name its id or its directory")
        return [segments_of(self.model, x) for x in levels]


@dataclass(frozen=True, eq=False, slots=True)
class Tables:
    """Similarities ``(n, m, 12)`` of all pairs in each key: of whole vectors, and of segments from both sides."""

    whole: FloatArray
    forth: FloatArray  # the mean over the query's segments of the best match in the candidate
    back: FloatArray

    def among(self, kept: IntArray) -> Tables:
        """Those of some items of a collection against themselves."""
        return Tables(*(table[np.ix_(kept, kept)] for table in (self.whole, self.forth, self.back)))

    def raw(self) -> dict[str, DoubleArray]:
        """``(n, m)`` in the best key: whole vectors; segments, symmetric; and the mean of the two, in one key."""
        segments = (self.forth + self.back) / 2
        keyed = {"whole": self.whole, "segments": segments, "both": (self.whole + segments) / 2}
        return {name: table.max(axis=2).astype(np.float64) for name, table in keyed.items()}

    def pairs(self) -> dict[str, tuple[DoubleArray, DoubleArray]]:
        """Raw and score-normalised tables of a collection against itself; of both, the mean of the two z-scores."""
        raw = self.raw()
        z = {name: normalised(table) for name, table in raw.items()}
        return {name: (raw[name], (z["whole"] + z["segments"]) / 2 if name == "both" else z[name]) for name in WHAT}


def compared(queries: Sequence[Segments], candidates: Sequence[Segments]) -> Tables:
    """Every query with every candidate; a silent segment counts as a vector of 0."""
    whole = products(spectra(_wholes(queries)), spectra(_wholes(candidates)))
    counts = np.array([len(s) for s in candidates])
    starts = np.append(0, np.cumsum(counts)[:-1])
    everything = spectra(np.concatenate([s.vectors for s in candidates]))
    forth, back = np.empty_like(whole), np.empty_like(whole)
    for i, query in enumerate(queries):
        keys = products(spectra(query.vectors), everything)  # (segment, segment of all, 12)
        forth[i] = np.maximum.reduceat(keys, starts, axis=1).mean(axis=0)
        back[i] = np.add.reduceat(keys.max(axis=0), starts, axis=0) / counts[:, None]
    return Tables(whole, forth, back)


def _wholes(recordings: Sequence[Segments]) -> FloatArray:
    return np.stack([s.whole for s in recordings])


def entry(ranking: Ranking) -> dict[str, Any]:
    """The means of a ranking with their intervals over works."""
    bounds = intervals(ranking, seed=SEED)
    found: dict[str, Any] = {"n_queries": ranking.n_queries, "n_candidates": ranking.n_candidates - 1}
    for key, mean in ranking.means().items():
        found |= {key: mean, f"{key}_ci": list(bounds[key])}
    return found


def both_entries(raw: DoubleArray, z: DoubleArray, works: Sequence[str]) -> dict[str, Any]:
    """Figures of a similarity table, raw and score-normalised."""
    return {"raw": entry(rank(raw, works)), "z": entry(rank(z, works))}


def across(table: DoubleArray, works: Sequence[str], *, z: bool = False) -> Ranking:
    """Queries (rows) against candidates of another set (columns), the works of both in the same order.

    >>> across(np.eye(2), ["a", "b"]).means()["hit_at_1"]
    1.0
    """
    n = len(works)
    square = np.full((2 * n, 2 * n), -np.inf)
    square[:n, n:] = table
    square[n:, :n] = table.T
    if z:
        same = np.kron(np.eye(2, dtype=bool), np.ones((n, n), dtype=bool))
        adjusted = normalised(np.where(same, 0.0, square), left_out=same)
        square = np.where(same, -np.inf, adjusted)
    found = rank(square, [*works, *works])
    return replace(of_queries(found, range(n)), n_candidates=n + 1)


def of_queries(ranking: Ranking, which: Sequence[int] | range) -> Ranking:
    """Some of the queries of a ranking."""
    at = np.asarray(which, dtype=np.int64)
    values = {key: column[at] for key, column in ranking.values.items()}
    return Ranking(values, tuple(ranking.works[i] for i in at), ranking.n_candidates)


def kept(folder: Path, name: str, make: Callable[[], DoubleArray]) -> DoubleArray:
    """A table that hangs on no model: read from ``folder/name.npy``, or made and written there."""
    path = folder / f"{name}.npy"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with write_atomically(path) as file:
            np.save(file, make(), allow_pickle=False)
    found: DoubleArray = np.load(path, allow_pickle=False)
    return found


def digest(*parts: object) -> str:
    """A name for what was made of these: bytes, or what JSON can say."""
    text = b"/".join(p if isinstance(p, bytes) else json.dumps(p, sort_keys=True).encode() for p in parts)
    return hashlib.sha256(text).hexdigest()[:16]
