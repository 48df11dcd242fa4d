"""Vectors that tests look up, and the plain twin of a search."""

import numpy as np

from versionmatch.index.exact import likeness, rounded, turned
from versionmatch.types.neighbours import IndexSpec

PLAIN = IndexSpec(dim=64, model_id="model-a", model_digest="ab" * 32)
KEYED = IndexSpec(dim=6, keyed=True, model_id="model-a")
SQUARE = IndexSpec(dim=24, model_id="model-a", measure="mean-square", longest=30.0)
SPECS = {"plain": PLAIN, "keyed": KEYED, "mean square": SQUARE}


def clustered(n, width, seed=440):
    """Around a twentieth as many works."""
    rng = np.random.default_rng(seed)
    works = rng.standard_normal((max(1, n // 20), width))
    return (works[rng.integers(0, len(works), n)] + 0.5 * rng.standard_normal((n, width))).astype(np.float32)


def nearest(vectors, ids, queries, k, spec):
    """Ids, scores and keys by comparing everything, one by one."""
    rows, found = rounded(vectors, spec), []
    for turns in turned(rounded(queries, spec, longest=2.0), spec):
        scores, keys = likeness(turns, rows, spec)
        order = sorted(range(len(rows)), key=lambda i: (-scores[i], ids[i]))[:k]
        found.append(([ids[i] for i in order], scores[order], keys[order]))
    return tuple(np.array(column) for column in zip(*found, strict=True))
