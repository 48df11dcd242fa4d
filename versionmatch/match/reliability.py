"""Whether probabilities mean what they say: calibration error, Brier score, AUC, and whether p-values are uniform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..types import DoubleArray

BINS = 10
MEASURES = ("ece", "brier", "auc")


@dataclass(frozen=True, slots=True)
class Bin:
    """Pairs of like probability: their weight in all, mean probability, share of versions, number."""

    mass: float
    mean_probability: float
    share_of_versions: float
    n_pairs: int


@dataclass(frozen=True, slots=True)
class Reliability:
    """ECE, Brier score and AUC, and the bins (of equal width, empty ones left out) that the ECE adds up."""

    ece: float
    brier: float
    auc: float
    bins: tuple[Bin, ...]


def reliability(
    probability: npt.ArrayLike, versions: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> Reliability:
    """How far stated probabilities hold.

    Parameters
    ----------
    probability : (n,) in [0, 1]
    versions : (n,) bool
        Which pairs are versions; there must be both kinds.
    weights : (n,), optional
        How much each pair counts; they need not sum to 1.

    Examples
    --------
    >>> told = reliability([0.9, 0.8, 0.2, 0.1], [1, 1, 0, 0])
    >>> round(told.ece, 3), round(told.brier, 3), told.auc
    (0.15, 0.025, 1.0)

    References
    ----------
    .. [1] Naeini, Cooper, Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", 2015.
    .. [2] Brier, "Verification of forecasts expressed in terms of probability", 1950.
    """
    p, label = np.asarray(probability, np.float64), np.asarray(versions, bool)
    mass = np.ones(p.size) if weights is None else np.asarray(weights, np.float64)
    if p.size != label.size or p.size == 0 or label.all() or not label.any():
        raise InputError(
            f"reliability needs pairs of both labels; got {int(label.sum())} versions of {label.size} pairs"
        )
    mass = mass / mass.sum()
    which = np.minimum((p * BINS).astype(int), BINS - 1)
    total, mean, rate = (np.bincount(which, mass * v, BINS) for v in (np.ones(p.size), p, label))
    count = np.bincount(which, minlength=BINS)
    bins = tuple(
        Bin(float(total[k]), float(mean[k] / total[k]), float(rate[k] / total[k]), int(count[k]))
        for k in np.flatnonzero(total > 0)
    )
    brier = float((mass * (p - label) ** 2).sum())
    return Reliability(float(np.abs(mean - rate).sum()), brier, auc(p, label, mass), bins)


def at_share(versions: npt.ArrayLike, share: float, weights: npt.ArrayLike | None = None) -> DoubleArray:
    """Weights under which versions make up ``share`` of all pairs; within either kind as ``weights`` say.

    >>> at_share([1, 0, 0], 0.2).tolist()
    [0.2, 0.4, 0.4]
    """
    label = np.asarray(versions, bool)
    mass = np.ones(label.size) if weights is None else np.asarray(weights, np.float64)
    each: DoubleArray = np.where(label, share / mass[label].sum(), (1 - share) / mass[~label].sum()) * mass
    return each


def auc(scores: npt.ArrayLike, labels: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """The share of (related, other) pairs of pairs that the scores put right; ties count half.

    >>> auc([3, 1, 2, 1], [1, 1, 0, 0])
    0.625
    """
    values, related = np.asarray(scores, np.float64), np.asarray(labels) == 1
    mass = np.ones(values.size) if weights is None else np.asarray(weights, np.float64)
    _, place = np.unique(values, return_inverse=True)
    ours, theirs = (np.bincount(place, mass * side, int(place.max(initial=0)) + 1) for side in (related, ~related))
    below = np.cumsum(theirs) - theirs
    return float((ours * (below + theirs / 2)).sum() / (ours.sum() * theirs.sum()))


def intervals(
    probability: DoubleArray,
    versions: npt.NDArray[np.bool_],
    works: Sequence[tuple[str, str]],
    *,
    seed: int,
    n_bootstrap: int = 1000,
    share: float | None = None,
    weights: DoubleArray | None = None,
) -> dict[str, tuple[float, float]]:
    """95 % intervals of ``MEASURES``: works are drawn, and a pair counts as often as its works were, together.

    A pair of one work counts as often as that work. ``share``: versions are weighed to be that part of all in each
    draw. Draws without pairs of both kinds are left out; InputError where there are no others.
    """
    names, flat = np.unique(np.array(works, dtype=str).reshape(-1), return_inverse=True)
    index = flat.reshape(-1, 2)
    mass = np.ones(probability.size) if weights is None else weights
    rng, drawn = np.random.default_rng(seed), []
    for _ in range(n_bootstrap):
        counts = rng.multinomial(names.size, np.full(names.size, 1.0 / names.size))
        times = np.where(index[:, 0] == index[:, 1], counts[index[:, 0]], counts[index[:, 0]] * counts[index[:, 1]])
        weight = times * mass
        kept = weight > 0
        label = versions[kept]
        if label.any() and not label.all():
            weighed = weight[kept] if share is None else at_share(label, share, weight[kept])
            told = reliability(probability[kept], label, weighed)
            drawn.append([told.ece, told.brier, told.auc])
    if not drawn:
        raise InputError("no draw of works holds pairs of both labels; name more works")
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    return {key: (float(a), float(b)) for key, a, b in zip(MEASURES, low, high, strict=True)}


def uniformity(p_values: npt.ArrayLike) -> dict[str, float]:
    """How far p-values of unrelated pairs are from uniform on (0, 1].

    ``ks``: the largest distance of their distribution function from the diagonal, ``ks_p`` its p-value (Kolmogorov,
    asymptotic); ``ks_above`` the largest distance above it alone, where p-values are too small; ``below_05`` the share
    at .05 or below.

    >>> told = uniformity(np.arange(1, 101) / 100)
    >>> round(told["ks"], 6), told["below_05"]
    (0.01, 0.05)
    """
    from scipy.special import kolmogorov

    p = np.sort(np.asarray(p_values, np.float64))
    if p.size == 0 or not ((p >= 0) & (p <= 1)).all():
        raise InputError(f"p-values lie in [0, 1], and there must be some; got {p.size}")
    n = p.size
    above = float((np.arange(1, n + 1) / n - p).max())
    below = float((p - np.arange(n) / n).max())
    ks = max(above, below, 0.0)
    return {
        "n": float(n),
        "ks": ks,
        "ks_p": float(kolmogorov(ks * n**0.5)),
        "ks_above": max(above, 0.0),
        "below_05": float((p <= 0.05).mean()),
    }


def diagram(bins: Sequence[Bin], told: str = "stated probability") -> str:
    """The reliability diagram as SVG: stated probability against the share that were versions."""

    def at(p: float, r: float) -> tuple[float, float]:
        return 60 + 300 * p, 340 - 300 * r

    points = [(*at(b.mean_probability, b.share_of_versions), 3 + 22 * b.mass**0.5) for b in bins]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="#0072b2" fill-opacity=".35"/>' for x, y, r in points
    )
    ticks = "".join(
        f'<text x="{at(t, 0)[0]:.0f}" y="360" text-anchor="middle">{t:g}</text>'
        f'<text x="50" y="{at(0, t)[1] + 4:.0f}" text-anchor="end">{t:g}</text>'
        for t in (0, 0.25, 0.5, 0.75, 1)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" font-family="sans-serif" font-size="12" '
        'role="img" aria-label="Reliability: stated probability against the share of versions">'
        '<rect width="400" height="400" fill="#fff"/>'
        '<rect x="60" y="40" width="300" height="300" fill="none" stroke="#888"/>'
        '<line x1="60" y1="340" x2="360" y2="40" stroke="#888" stroke-dasharray="4 4"/>'
        f'{dots}<polyline points="{line}" fill="none" stroke="#0072b2" stroke-width="2"/>{ticks}'
        f'<text x="210" y="385" text-anchor="middle">{told}</text>'
        '<text x="20" y="190" text-anchor="middle" transform="rotate(-90 20 190)">share that were versions</text>'
        "</svg>\n"
    )


def table_of(bins: Sequence[Bin]) -> list[Mapping[str, float]]:
    """The bins as JSON-able data."""
    return [
        {
            "mass": b.mass,
            "mean_probability": b.mean_probability,
            "share_of_versions": b.share_of_versions,
            "n_pairs": b.n_pairs,
        }
        for b in bins
    ]
