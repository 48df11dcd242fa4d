"""By how many semitones the reference has to be raised to stand in the query's key."""

from __future__ import annotations

import numpy as np

from ..errors import FeatureMismatch
from ..types import DoubleArray, Features, IntArray


def optimal_transposition(query: Features, reference: Features) -> int:
    """Semitones to raise the reference by so that its key matches the query's.

    The average chroma of the two are compared under all twelve rotations: the optimal transposition
    index, OTI [1]_. Cheap enough to run before any alignment; ``dtw.best_transposition`` asks the alignment.

    Parameters
    ----------
    query, reference : Features
        Chroma of shape ``(12, n_frames)``. The lengths may differ.

    Returns
    -------
    int
        0 to 11; ``reference.transposed(oti)`` is in the query's key. Ties: the smallest.

    Examples
    --------
    >>> import numpy as np
    >>> c_e_g = Features("chroma", np.eye(12)[:, [0, 4, 7]], frame_rate=2.0)
    >>> optimal_transposition(query=c_e_g.transposed(2), reference=c_e_g)
    2

    References
    ----------
    .. [1] Serrà, Gómez, Herrera, "Transposing chroma representations to a common key", 2008.
    """
    return int(transposition_order(query, reference)[0])


def transposition_order(query: Features, reference: Features) -> IntArray:
    """All twelve transpositions, ``(12,) int32``, the likeliest first; ties: the smaller first.

    Raises FeatureMismatch unless both have twelve rows.

    >>> import numpy as np
    >>> a_minor_third = Features("chroma", np.eye(12)[:, [0, 3]], frame_rate=2.0)
    >>> transposition_order(a_minor_third, a_minor_third).tolist()
    [0, 3, 9, 1, 2, 4, 5, 6, 7, 8, 10, 11]
    """
    likeness = -profile_likeness(query, reference)
    return np.argsort(np.round(likeness, 12), kind="stable").astype(np.int32)


def profile_likeness(query: Features, reference: Features) -> DoubleArray:
    """Cosine of the two average chroma at each transposition of the reference, ``(12,)``; 0 for silence."""
    profiles = []
    for side in (query, reference):
        if side.values.shape[0] != 12 or side.n_frames == 0:
            raise FeatureMismatch(
                f"a transposition needs chroma of 12 rows and at least one frame; {side.kind} is {side.values.shape}"
            )
        mean = side.values.mean(axis=1, dtype=np.float64)
        profiles.append(mean / max(float(np.linalg.norm(mean)), 1e-30))
    q, r = profiles
    return np.array([q @ np.roll(r, shift) for shift in range(12)])
