"""Grants as ODRL policies, and reservations of text and data mining as TDMRep says them; both ways."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import InputError
from .facts import WORLD, Grant
from .state import State

Fact = tuple[str, dict[str, Any]]
CONTEXT = "http://www.w3.org/ns/odrl.jsonld"
OWN = "urn:versionmatch:rights:"
PROFILE = f"{OWN}profile"


def offers(state: State) -> list[dict[str, Any]]:
    """Each grant as an ODRL policy (an Agreement, as both sides are named), with the log's entry it is.

    References
    ----------
    .. [1] W3C, "ODRL Information Model 2.2", 2018.
    """
    return [offer_of(grant, state.ended.get(name)) for name, grant in sorted(state.grants.items())]


def offer_of(grant: Grant, ended: str | None) -> dict[str, Any]:
    """One grant as a policy; its end is that of its revocation where there is one."""
    end = min(filter(None, (grant.end, ended)), default=None)
    constraints: list[dict[str, Any]] = [_limit("dateTime", "gteq", grant.start)]
    constraints += [_limit("dateTime", "lt", end)] if end else []
    if WORLD not in grant.territories:
        constraints.append(_limit("spatial", "isAnyOf", sorted(grant.territories)))
    if grant.models:
        constraints.append(_limit(f"{OWN}model-version", "isAnyOf", sorted(grant.models)))
    rule = {
        "target": [f"{OWN}{kind}:{name}" for kind, name in sorted(grant.subjects)],
        "assigner": f"{OWN}party:{grant.grantor}",
        "assignee": f"{OWN}party:{grant.licensee}",
        "action": [f"{OWN}{scope}" for scope in sorted(grant.scopes)],
        "constraint": constraints,
    }
    return {
        "@context": CONTEXT,
        "@type": "Agreement",
        "uid": f"{OWN}grant:{grant.id}",
        "profile": PROFILE,
        f"{OWN}right": grant.right,
        f"{OWN}entry": grant.seq,
        f"{OWN}terms-sha256": grant.terms_sha256,
        "permission" if grant.effect == "allow" else "prohibition": [rule],
    }


def _limit(what: str, how: str, value: object) -> dict[str, Any]:
    return {"leftOperand": what, "operator": how, "rightOperand": value}


def grants_of(policies: Iterable[Mapping[str, Any]]) -> list[Fact]:
    """The grants that policies of this profile say, one for each target; InputError where one says anything else.

    A policy is somebody's word: entering it does not make it true.
    """
    made: list[Fact] = []
    for policy in policies:
        try:
            made += _grants(policy)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise InputError(
                f"a policy cannot be used: {error!r}; write it as `corpus export --as odrl` does"
            ) from error
    return made


def _grants(policy: Mapping[str, Any]) -> Iterable[Fact]:
    effect = "allow" if "permission" in policy else "deny"
    (rule,) = policy["permission" if effect == "allow" else "prohibition"]
    body: dict[str, Any] = {
        "grantor": _name(rule["assigner"], "party"),
        "licensee": _name(rule["assignee"], "party"),
        "right": policy[f"{OWN}right"],
        "effect": effect,
        "scopes": [action.removeprefix(OWN) for action in rule["action"]],
        "terms_sha256": policy.get(f"{OWN}terms-sha256", ""),
    }
    for limit in rule["constraint"]:
        key = (limit["leftOperand"], limit["operator"])
        fields = {
            ("dateTime", "gteq"): "start", ("dateTime", "lt"): "end", ("spatial", "isAnyOf"): "territories",
            (f"{OWN}model-version", "isAnyOf"): "models",
        }  # fmt: skip
        if key not in fields:  # a limit that is not understood must not be passed over
            raise InputError(f"a policy's constraint {key} is not known; enter the grant by hand")
        body[fields[key]] = limit["rightOperand"]
    name, targets = _name(policy["uid"], "grant"), rule["target"]
    for number, target in enumerate(targets):
        kind, _, subject = target.removeprefix(OWN).partition(":")
        own = name if len(targets) == 1 else f"{name}.{number}"
        yield "grant", {**body, "id": own, "subject": {"kind": kind, "id": subject}}


def _name(uri: str, kind: str) -> str:
    start = f"{OWN}{kind}:"
    if not uri.startswith(start):
        raise InputError(f"{uri!r} is not the name of a {kind}; it should begin with {start}")
    return uri.removeprefix(start)


def reservations(state: State) -> list[dict[str, Any]]:
    """What is reserved, as TDMRep's ``tdmrep.json`` lists it; ``location`` is the kind and the id.

    References
    ----------
    .. [1] W3C community group, "TDM Reservation Protocol (TDMRep)", 2024.
    """
    return [
        {"location": f"{kind}:{name}", "tdm-reservation": 1, **({"tdm-policy": policy} if policy else {})}
        for (kind, name), policy in sorted(state.reserved.items())
    ]


def reserved_of(document: Iterable[Mapping[str, Any]]) -> list[Fact]:
    """The reservations that a list in TDMRep's form says; 1 is a no unless a grant says otherwise."""
    made: list[Fact] = []
    for row in document:
        kind, colon, name = str(row.get("location", "")).partition(":")
        flag = row.get("tdm-reservation")
        if not colon or flag not in {0, 1}:
            raise InputError(f"{dict(row)!r}: give a location KIND:ID and a tdm-reservation of 0 or 1")
        body = {"subject": {"kind": kind, "id": name}, "reserved": int(flag), "policy": str(row.get("tdm-policy", ""))}
        made.append(("reservation", body))
    return made
