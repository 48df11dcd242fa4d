"""A frozen corpus, scores of its items for an output, and what may be said of them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import InputError
from .value import DoubleArray, Value, frozen, mapping

VERDICTS = ("ranked", "weak", "unattributable", "refused")
"""What a ranking is worth; see ``versionmatch.attribution.verdict`` for the rule."""

SIGN = "positive: without the item, the loss of the output should be higher"
"""The sign of every score."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


def is_digest(text: str) -> bool:
    """Whether a text is a sha256 in 64 hex digits."""
    return _SHA256.fullmatch(text) is not None


@dataclass(frozen=True, eq=False, slots=True)
class Corpus(Value):
    """What a model was trained on, as disclosed: ids, who holds the rights, the digests of the contents.

    ``digest`` freezes all of it: it changes when an item, a holder or a content does, and not with the order.
    ``contents`` (sha256 of each item) may be empty; then the digest vouches for the list alone.

    >>> Corpus(("a", "b"), ("Ann", "Bob")).digest == Corpus(("b", "a"), ("Bob", "Ann")).digest
    True
    """

    ids: tuple[str, ...]
    holders: tuple[str, ...]
    contents: tuple[str, ...] = ()
    name: str = "corpus"
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        if not self.ids or len(set(self.ids)) != len(self.ids):
            raise InputError(f"a corpus has ids, each once; got {len(self.ids)}, of which {len(set(self.ids))} differ")
        for what, column in (("holders", self.holders), ("contents", self.contents or self.ids)):
            if len(column) != len(self.ids):
                raise InputError(f"the corpus {self.name!r} has {len(self.ids)} ids and {len(column)} {what}")
        odd = [c for c in self.contents if not is_digest(c)]
        if odd:
            raise InputError(f"contents are sha256 digests, 64 hex digits each; got {odd[0]!r}")
        rows = sorted(zip(self.ids, self.holders, self.contents or ("",) * len(self.ids), strict=True))
        text = json.dumps(rows, separators=(",", ":"), ensure_ascii=False)
        object.__setattr__(self, "digest", hashlib.sha256(text.encode()).hexdigest())

    def __reduce__(self) -> tuple[Any, ...]:
        return Corpus, (self.ids, self.holders, self.contents, self.name)

    def __len__(self) -> int:
        return len(self.ids)

    def holder_of(self) -> dict[str, str]:
        """Id → rights holder."""
        return dict(zip(self.ids, self.holders, strict=True))

    def of_holders(self) -> dict[str, tuple[str, ...]]:
        """Rights holder → ids, both sorted."""
        found: dict[str, list[str]] = {}
        for item, holder in sorted(zip(self.ids, self.holders, strict=True)):
            found.setdefault(holder, []).append(item)
        return {holder: tuple(found[holder]) for holder in sorted(found)}


@dataclass(frozen=True, eq=False, slots=True)
class Scores(Value):
    """What a method gives for one query: a score per candidate, in the order they were asked for.

    ``by_draw`` ``(n, n_draws)`` are the same scores under each draw of noise, whose mean is ``values``; None where the
    method has no draws. ``facts`` are single numbers worth telling (``rise``, ``collateral``, ``forwards``).
    """

    values: DoubleArray  # (n,)
    by_draw: DoubleArray | None = None
    facts: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        values = frozen(self.values, np.float64)
        if values.ndim != 1 or not np.isfinite(values).all():
            raise InputError(
                f"scores are one finite number per candidate; got {values.shape}, not all finite or not flat"
            )
        if self.by_draw is not None:
            by_draw = frozen(self.by_draw, np.float64)
            if by_draw.ndim != 2 or by_draw.shape[0] != values.size:
                raise InputError(f"by_draw has shape (n, n_draws) for {values.size} candidates; got {by_draw.shape}")
            object.__setattr__(self, "by_draw", by_draw)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "facts", mapping(self.facts))

    def standard_error(self) -> DoubleArray | None:
        """Of each score, over its draws; None where there are fewer than two."""
        if self.by_draw is None or self.by_draw.shape[1] < 2:
            return None
        error: DoubleArray = self.by_draw.std(axis=1, ddof=1) / np.sqrt(self.by_draw.shape[1])
        return error


@dataclass(frozen=True, slots=True)
class RankedItem:
    """One item of a ranking, the most influential first.

    ``score`` is in the method's unit, the panel's mean not taken away; ``z`` sets it beside the panel's scores of the
    same item (None without a panel); ``standard_error`` is over draws of noise, ``spread`` the standard deviation over
    models or checkpoints, where there are several. ``likeness`` is how alike item and output are by a method that looks
    at no weights, ``evidence`` where more is said of that: influence and likeness are two things.
    """

    item: str
    holder: str
    score: float
    z: float | None = None
    standard_error: float | None = None
    spread: float | None = None
    likeness: float | None = None
    evidence: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class AttributionResult(Value):
    """Which items of a frozen corpus mattered for one output, how sure that is, and what it does not say.

    ``items`` are the top of the ranking; ``moments`` sum up all scores, ``scores`` are they, in the order of
    ``candidates``, where they were asked to be kept. ``verdict`` is one of ``VERDICTS``, ``reasons`` say why;
    ``p_value`` is how often pieces of the panel, which owe the corpus nothing, have a ranking as pronounced. ``scored``
    of ``corpus_size`` items were looked at, chosen by ``gate``. The digests are sha256; without a frozen corpus there
    is no result.
    """

    query: str
    method: str
    settings: Mapping[str, Any]
    unit: str
    items: tuple[RankedItem, ...]
    verdict: str
    reasons: tuple[str, ...]
    p_value: float | None
    scored: int
    corpus_size: int
    gate: str
    corpus_digest: str
    weights_digest: str
    code_digest: str
    limits: str
    moments: Mapping[str, float]
    facts: Mapping[str, float] = field(default_factory=dict)
    likeness_method: str = ""
    seed: int = 440
    panel_size: int = 0
    models: int = 1
    sign: str = SIGN
    candidates: tuple[str, ...] = ()
    scores: DoubleArray | None = None

    def __post_init__(self) -> None:
        for what in ("corpus", "weights", "code"):
            found = getattr(self, f"{what}_digest")
            if not is_digest(found):
                raise InputError(
                    f"a result needs the sha256 of its {what}, 64 hex digits; got {found!r}. Freeze the corpus first "
                    f"(versionmatch.types.attribution.Corpus) and take digest from it"
                )
        if self.verdict not in VERDICTS:
            raise InputError(f"a verdict is one of {', '.join(VERDICTS)}; got {self.verdict!r}")
        if not 0 < self.scored <= self.corpus_size:
            raise InputError(f"scored is 1 to corpus_size = {self.corpus_size}; got {self.scored}")
        if not self.limits:
            raise InputError("a result states its limits; take them from versionmatch.attribution.scope")
        for name in ("settings", "moments", "facts"):
            object.__setattr__(self, name, mapping(getattr(self, name)))
        if self.scores is not None:
            object.__setattr__(self, "scores", frozen(self.scores, np.float64))

    @property
    def coverage(self) -> str:
        """How much of the corpus was looked at, in words."""
        return f"scored {self.scored:,} of {self.corpus_size:,}, gate = {self.gate}"

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON-able values; the full scores only where they were kept."""
        plain = {name: getattr(self, name) for name in self.__slots__ if name not in {"items", "candidates", "scores"}}
        found = {name: _json(value) for name, value in plain.items()}
        rows = [{name: getattr(item, name) for name in item.__slots__} for item in self.items]
        kept = None if self.scores is None else dict(zip(self.candidates, self.scores.tolist(), strict=True))
        return {**found, "coverage": self.coverage, "items": rows, "scores": kept}


def _json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _json(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [_json(v) for v in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
