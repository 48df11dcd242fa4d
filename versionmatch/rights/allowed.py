"""What is permitted: a pure function of a log's prefix, which says why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..audit.entry import checked_time
from .facts import SCOPES, WHOLE, Grant
from .state import State, Subject


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether a use is permitted; the grants that permit it, or the reasons why it is not. Its truth is that."""

    asset: str
    scope: str
    at: str
    allowed: bool
    reasons: tuple[str, ...]
    grants: tuple[str, ...] = ()
    seqs: tuple[int, ...] = ()
    """The entries of the log that ``grants`` are."""

    def __bool__(self) -> bool:
        return self.allowed


def allowed(
    state: State, asset: str, scope: str, at: str, *, model_version: str = "", territory: str = ""
) -> Permission:
    """Whether an asset may be used for something at a time, by the entries of a log.

    It may where live grants cover all shares of its recording (master) and all shares of every work in it
    (publishing), and nothing live forbids it. All else is denied: what is not known, shares that do not add up to the
    whole, a recording without a known work. A grant is live from its start, but not before it was entered, to its end
    or its revocation, whichever is first. To train or to generate the model's version must be named in the grant.

    Parameters
    ----------
    state : State
        The facts of the prefix.
    asset, scope, at : str
        ``scope`` is one of ``facts.SCOPES``, ``at`` a time such as ``2026-11-28T06:48:25Z``.
    model_version, territory : str
        Where they are not said, only grants for any will do: those of the whole world, and without a model.
    """
    at = checked_time(at)
    reasons: list[str] = []
    found: list[Grant] = []
    for right, subjects, shares, what in _needed(state, asset, scope, reasons):
        live = [state.grants[i] for subject in subjects for i in state.grants_of.get(subject, ())]
        live = [g for g in live if g.right == right]
        against = [
            g
            for g in live
            if g.effect == "deny" and g.forbids(scope, at, model_version, territory, state.ended.get(g.id))
        ]
        reasons += [f"{right} of {what}: {g.grantor} forbids it (grant {g.id})" for g in against]
        good = [
            g
            for g in live
            if g.effect == "allow" and g.permits(scope, at, model_version, territory, state.ended.get(g.id))
        ]
        lacking = _lacking(shares, {g.grantor for g in good})
        if lacking:
            reasons.append(f"{right} of {what}: {lacking}{_reserved(state, subjects)}")
        found += [g for g in good if g.grantor in shares]
    if reasons:
        return Permission(asset, scope, at, False, tuple(dict.fromkeys(reasons)))
    grants = sorted({g.id: g.seq for g in found}.items())
    why = ("live grants cover all shares of master and publishing",)
    return Permission(asset, scope, at, True, why, tuple(i for i, _ in grants), tuple(s for _, s in grants))


Need = tuple[str, tuple[Subject, ...], Mapping[str, int], str]


def _needed(state: State, asset: str, scope: str, reasons: list[str]) -> Iterable[Need]:
    """Each right in each thing that must be granted: right, what a grant of it may be on, shares, words."""
    if scope not in SCOPES:
        reasons.append(f"there is no scope {scope!r}; there are: {', '.join(SCOPES)}")
        return
    if asset not in state.assets:
        reasons.append(f"asset {asset} is not known")
        return
    recording = state.assets[asset]["recording"]
    facts = state.recordings[recording]
    own: tuple[Subject, ...] = (("asset", asset), ("recording", recording))
    yield "master", own, facts["owners"], f"recording {recording}"
    if not facts["works"]:
        reasons.append(f"publishing of recording {recording}: no work of it is known")
    for work in facts["works"]:
        yield "publishing", (*own, ("work", work)), state.works[work]["shares"], f"work {work}"


def _lacking(shares: Mapping[str, int], granted: set[str]) -> str:
    """What of the shares is not granted, in words; "" where nothing is."""
    unknown = WHOLE - sum(shares.values())
    without = sorted(party for party in shares if party not in granted)
    open_ = sum(shares[party] for party in without)
    words = [f"{100 * open_ / WHOLE:g} % not granted, by {', '.join(without)}"] if without else []
    words += [f"of {100 * unknown / WHOLE:g} % the holder is not known"] if unknown else []
    return "; ".join(words)


def _reserved(state: State, subjects: Iterable[Subject]) -> str:
    policies = [state.reserved[s] for s in subjects if s in state.reserved]
    return f" (reserved against mining{', policy ' + policies[0] if policies[0] else ''})" if policies else ""
