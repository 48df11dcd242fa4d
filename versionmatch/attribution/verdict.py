"""What a ranking is worth: set beside the rankings of pieces that owe the corpus nothing.

The rule. Scores of a query and of the panel are centred and scaled item by item by the panel's; how pronounced a
ranking is says one number, its *strength*, the 4-norm of its positive z (large where a few items stand out far, or more
of them well). The query and the panel are ranked by strength, each beside all the others: if the query is one more
piece like those of the panel, p ≤ α happens in a share α of cases, whatever the scores are like (a permutation test).

- ``refused``: the probe did not work: the loss would not rise, or the losses of held-out pieces rose with it by more
  than ``COLLATERAL`` of it, or fewer than two items were scored.
- ``weak``: there is no panel of ``LEAST_PANEL`` pieces; or p ≤ ``ALPHA``, but the top scores are within ``ERRORS``
  standard errors of 0, or other models' tops overlap by less than ``OVERLAP``.
- ``ranked``: p ≤ ``ALPHA``, and none of these.
- ``unattributable``: p above ``ALPHA``: a piece that owes the corpus nothing gives as pronounced a ranking.

α is .04, so that 24 pieces suffice (1 / 25). That a panel's pieces owe the corpus nothing is for who chose them to
know: outputs of another model, music of the same kind made elsewhere. A panel of noise would be too easy to beat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

ALPHA = 0.04
LEAST_PANEL = 24
COLLATERAL = 0.25
ERRORS = 2.0
OVERLAP = 0.2
TOP = 5
"""How many of the top scores are looked at for noise and overlap."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One of ``VERDICTS``, why, and the p of the query's strength."""

    word: str
    reasons: tuple[str, ...]
    p_value: float | None


@dataclass(frozen=True, eq=False, slots=True)
class Panel:
    """Scores of pieces that owe the corpus nothing, ``(n_pieces, n_items)``, and which items each one's gate let pass.

    Scores are of all items that any piece or output is scored on; a piece's strength is taken over those of its own
    gate, as an output's is.
    """

    scores: npt.NDArray[np.float64]
    own: npt.NDArray[np.bool_]

    @classmethod
    def ungated(cls, scores: npt.NDArray[np.float64]) -> Panel:
        """All items passed for all pieces."""
        return cls(scores, np.ones(scores.shape, bool))

    def __len__(self) -> int:
        return len(self.scores)


def strengths(scores: npt.NDArray[np.float64], own: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """How pronounced each ranking is beside the others: scores ``(n_pieces, n_items)`` → ``(n_pieces,)``.

    Not-a-number where an item was not scored for a piece; ``own`` says which items count for its strength. Four pieces
    or more.

    >>> flat = np.random.default_rng(440).normal(size=(30, 200))
    >>> flat[0, 7] += 12
    >>> int(strengths(flat, np.ones(flat.shape, bool)).argmax())
    0
    """
    known = np.isfinite(scores)
    centred = np.where(known, scores - np.nanmean(scores, axis=0), 0.0)
    counts, sums, squares = known.sum(axis=0), centred.sum(axis=0), (centred * centred).sum(axis=0)
    found = np.empty(len(scores))
    for i, row in enumerate(centred):  # the others' mean and variance, from the sums of all
        n = np.maximum(counts - known[i], 2)
        mean = (sums - row) / n
        variance = np.clip(squares - row * row - n * mean * mean, 0, None) / (n - 1)
        z = _scaled(row - mean, variance)[own[i]]
        found[i] = (np.clip(z, 0, None) ** 4).sum() ** 0.25
    return found


def _scaled(above: npt.NDArray[np.float64], variance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """As z; the variance of each item is averaged with that of all: a panel is too small to know each by itself."""
    scale = np.sqrt(variance + variance.mean())
    return np.asarray(above / np.where(scale > 0, scale, 1.0))


def z_beside(query: npt.NDArray[np.float64], panel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Each item's score beside the panel's, ``(n_pieces, n_items)``, as z."""
    return _scaled(query - panel.mean(axis=0), panel.var(axis=0, ddof=1))


def p_of(query: npt.NDArray[np.float64], panel: Panel) -> float:
    """Share of the panel and the query that are as strong as the query, which counts; not-a-number: not scored."""
    own = np.vstack([panel.own, np.isfinite(query)])
    found = strengths(np.vstack([panel.scores, query]), own)
    return float((found >= found[-1]).mean())


def judge(
    scores: npt.NDArray[np.float64],
    panel: Panel | None,
    facts: Mapping[str, float],
    *,
    errors: npt.NDArray[np.float64] | None = None,
    by_model: npt.NDArray[np.float64] | None = None,
) -> Verdict:
    """The verdict on one query's scores ``(n_items,)``, not-a-number where an item was not scored.

    Parameters
    ----------
    panel
        The same items' scores for pieces that owe the corpus nothing.
    facts
        Of the method: ``rise`` and ``collateral`` where it took a step.
    errors
        Standard errors over draws of the items that were scored.
    by_model
        Scores of each model by itself, of the items that were scored, ``(n_models, n_scored)``.
    """
    known = scores[np.isfinite(scores)]
    refusals = _refusals(known, facts)
    if refusals:
        return Verdict("refused", refusals, None)
    if panel is None or len(panel) < LEAST_PANEL:
        there = 0 if panel is None else len(panel)
        return Verdict(
            "weak", (f"not calibrated: the panel has {there} pieces, of {LEAST_PANEL} that are needed",), None
        )
    p = p_of(scores, panel)
    if p > ALPHA:
        share = f"{100 * p:.0f} % of pieces that owe the corpus nothing have a ranking as pronounced"
        return Verdict("unattributable", (share,), p)
    doubts = _doubts(known, errors, by_model)
    if doubts:
        return Verdict("weak", doubts, p)
    return Verdict(
        "ranked", (f"more pronounced than all but {100 * p:.0f} % of pieces that owe the corpus nothing",), p
    )


def _refusals(scores: npt.NDArray[np.float64], facts: Mapping[str, float]) -> tuple[str, ...]:
    found = []
    if scores.size < 2:
        found.append(f"{scores.size} items were scored; a ranking needs two")
    if facts.get("rise", 1.0) <= 0:
        found.append("the loss of the output would not rise, whatever the step")
    collateral = facts.get("collateral", 0.0)
    if collateral > COLLATERAL:
        found.append(f"unlearning raised the loss of held-out pieces by {100 * collateral:.0f} % of the output's rise")
    return tuple(found)


def _doubts(
    scores: npt.NDArray[np.float64],
    errors: npt.NDArray[np.float64] | None,
    by_model: npt.NDArray[np.float64] | None,
) -> tuple[str, ...]:
    found = []
    top = np.argsort(-scores, kind="stable")[:TOP]
    if errors is not None:
        ratio = float(np.median(scores[top] / np.where(errors[top] > 0, errors[top], np.inf)))
        if 0 < ratio < ERRORS or (scores[top] <= 0).any():
            found.append(f"the top scores are {ratio:.1f} standard errors over draws; more draws would help")
    if by_model is not None and len(by_model) > 1:
        tops = [set(np.argsort(-row, kind="stable")[:TOP].tolist()) for row in by_model]
        pairs = [len(a & b) / TOP for i, a in enumerate(tops) for b in tops[:i]]
        if np.mean(pairs) < OVERLAP:
            found.append(f"the models' top {TOP} have {100 * np.mean(pairs):.0f} % in common")
    return tuple(found)
