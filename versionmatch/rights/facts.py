"""The facts that a log of rights tells: what each kind of entry holds, checked once when it is entered.

Shares are whole numbers, in millionths of the whole (``WHOLE``). Times are UTC to the second, as text. Ids are text
without blanks; personal data have no place here: a party is an id and a salted digest of its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..audit.entry import checked_time
from ..errors import InputError

WHOLE = 1_000_000
"""Shares are counted in millionths; only shares that add up to this are known completely."""
SCOPES = ("store", "index", "compare", "train", "attribute", "generate", "display")
BY_MODEL = ("train", "generate")
"""Scopes for which a grant must name the model's version, or ``"*"`` for any: one licence, one model. To attribute, it
may; for the other scopes a grant's models say nothing."""
RIGHTS = ("master", "publishing")
SUBJECTS = ("asset", "recording", "work", "catalogue")
EFFECTS = ("allow", "deny")
PARTITIONS = ("licensed", "unlicensed", "quarantine")
WORLD = "world"

ID = re.compile(r"\S{1,200}")
HEX = re.compile(r"[0-9a-f]{64}")
TERRITORY = re.compile(r"[A-Z]{2}|world")


def _is(test: Callable[[Any], bool], words: str) -> Callable[[str, Any], Any]:
    def checked(name: str, value: Any) -> Any:
        if not test(value):
            raise InputError(f"{name} is {value!r}; it must be {words}")
        return value

    return checked


def _text(pattern: re.Pattern[str], words: str, *, empty: bool = False) -> Callable[[str, Any], Any]:
    return _is(lambda v: isinstance(v, str) and bool(pattern.fullmatch(v) or (empty and not v)), words)


def _one(known: tuple[str, ...]) -> Callable[[str, Any], Any]:
    return _is(lambda v: v in known, f"one of {', '.join(known)}")


def _list(item: Callable[[str, Any], Any], *, least: int = 0) -> Callable[[str, Any], Any]:
    def checked(name: str, value: Any) -> Any:
        if not isinstance(value, (list, tuple)) or len(value) < least or len(set(map(repr, value))) != len(value):
            raise InputError(f"{name} is {value!r}; it must be a list of {least} or more different things")
        return [item(name, each) for each in value]

    return checked


def _shares(name: str, value: Any) -> Any:
    whole = isinstance(value, Mapping) and all(
        isinstance(n, int) and not isinstance(n, bool) and n > 0 and ID.fullmatch(str(p)) for p, n in value.items()
    )
    if not whole or sum(value.values()) > WHOLE:
        raise InputError(
            f"{name} are {value!r}; give party -> millionths, whole numbers above 0, {WHOLE} at most in all"
        )
    return dict(value)


def _subject(name: str, value: Any) -> Any:
    if not isinstance(value, Mapping) or set(value) != {"kind", "id"}:
        raise InputError(f"{name} is {value!r}; it must be {{'kind': …, 'id': …}}")
    return {"kind": _one(SUBJECTS)(f"{name}.kind", value["kind"]), "id": ident(f"{name}.id", value["id"])}


def _time(name: str, value: Any) -> Any:
    return checked_time(value)


ident = _text(ID, "1 to 200 signs without blanks")
_digest = _text(HEX, "64 hexadecimal digits, a sha256", empty=True)
_words = _is(lambda v: isinstance(v, str) and len(v) <= 2000, "text of 2000 signs at most")
_count = _is(lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= 0, "a whole number of 0 or more")
_maybe_time = lambda name, value: None if value is None else _time(name, value)  # noqa: E731

FIELDS: dict[str, dict[str, Callable[[str, Any], Any]]] = {
    "party": {"id": ident, "digest": _digest},
    "work": {"id": ident, "iswc": _words, "writers": _list(ident), "shares": _shares},
    "recording": {"id": ident, "isrc": _words, "works": _list(ident), "owners": _shares},
    "asset": {"id": ident, "recording": ident, "sha256": _digest, "pcm_sha256": _digest},
    "catalogue": {"id": ident, "members": _list(_subject)},
    "grant": {
        "id": ident, "grantor": ident, "licensee": ident, "effect": _one(EFFECTS), "subject": _subject,
        "right": _one(RIGHTS), "scopes": _list(_one(SCOPES), least=1), "models": _list(ident),
        "territories": _list(_text(TERRITORY, "a country's two letters, or 'world'"), least=1),
        "start": _time, "end": _maybe_time, "terms_sha256": _digest,
    },
    "revocation": {"grant": ident, "effective": _time, "reason": _words},
    "reservation": {"subject": _subject, "reserved": _is(lambda v: v in (0, 1), "0 or 1"), "policy": _words},
    "placed": {"asset": ident, "partition": _one((*PARTITIONS, "none")), "reason": _words},
    "manifest": {
        "root": _digest, "scope": _one(SCOPES), "model_version": _words, "territory": _words, "size": _count,
        "frozen_at": _time,
    },
    "model": {"id": ident, "version": ident, "manifest": _digest, "weights_sha256": _digest},
    "run": {
        "id": ident, "kind": ident, "model": _words, "params_sha256": _digest, "inputs_sha256": _digest,
        "outputs_sha256": _digest, "self_test": _one(("passed", "failed", "none")),
    },
    "statement": {"id": ident, "period": _words, "run": _words, "method": ident, "sha256": _digest},
    "purge": {"catalogue": ident, "assets": _list(ident), "before_sha256": _digest, "after_sha256": _digest},
    "anchor": {"catalogue": ident, "events": _count, "hash": _digest},
}  # fmt: skip
"""Kind of entry → its fields; all must be there, and no others."""

USUAL: dict[str, dict[str, Any]] = {
    "party": {"digest": ""},
    "work": {"iswc": "", "writers": []},
    "recording": {"isrc": ""},
    "asset": {"sha256": "", "pcm_sha256": ""},
    "grant": {
        "licensee": "operator", "effect": "allow", "models": [], "territories": [WORLD], "end": None,
        "terms_sha256": "",
    },
    "revocation": {"reason": ""},
    "reservation": {"policy": ""},
    "placed": {"reason": ""},
    "run": {"params_sha256": "", "inputs_sha256": "", "outputs_sha256": "", "model": "", "self_test": "none"},
}  # fmt: skip
"""What a field is where nothing is said."""


def checked(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """An entry's body with every field, each checked; InputError names the one that is not right.

    Examples
    --------
    >>> checked("work", {"id": "w1", "shares": {"ada": 600_000, "ben": 400_000}})["writers"]
    []
    """
    if kind not in FIELDS:
        raise InputError(f"there is no kind of entry {kind!r}; there are: {', '.join(sorted(FIELDS))}")
    given = {**USUAL.get(kind, {}), **body}
    if given.keys() != FIELDS[kind].keys():
        odd, lacking = sorted(given.keys() - FIELDS[kind].keys()), sorted(FIELDS[kind].keys() - given.keys())
        raise InputError(f"a {kind} has no {odd}" if odd else f"a {kind} needs {lacking}")
    found = {name: test(f"{kind}.{name}", given[name]) for name, test in FIELDS[kind].items()}
    if found.get("end") is not None and found["end"] <= found["start"]:
        raise InputError(f"grant.end {found['end']} is not after its start {found['start']}")
    return found


@dataclass(frozen=True, slots=True)
class Grant:
    """What one party permits, or forbids, of its right in something; ``logged`` is when it was entered."""

    id: str
    seq: int
    logged: str
    grantor: str
    licensee: str
    effect: str
    subjects: frozenset[tuple[str, str]]
    right: str
    scopes: frozenset[str]
    models: frozenset[str]
    territories: frozenset[str]
    start: str
    end: str | None
    terms_sha256: str

    def permits(self, scope: str, at: str, model_version: str, territory: str, ended: str | None) -> bool:
        """Whether it is live then and covers that; not before it was entered, whatever date it bears."""
        if scope not in self.scopes or at < max(self.start, self.logged) or self._over(at, ended):
            return False
        fits = model_version in self.models if model_version else False
        if scope in BY_MODEL and not (fits or (model_version and "*" in self.models)):
            return False
        if scope == "attribute" and self.models and not (fits or "*" in self.models):
            return False
        return WORLD in self.territories or bool(territory and territory in self.territories)

    def forbids(self, scope: str, at: str, model_version: str, territory: str, ended: str | None) -> bool:
        """Whether it stands against that; where model or territory are not said, all that it might mean."""
        if scope not in self.scopes or at < self.start or self._over(at, ended):
            return False
        of_model = scope in BY_MODEL or scope == "attribute"
        if of_model and self.models and model_version and not self.models & {model_version, "*"}:
            return False
        return not territory or territory == WORLD or bool(self.territories & {territory, WORLD})

    def _over(self, at: str, ended: str | None) -> bool:
        return (self.end is not None and at >= self.end) or (ended is not None and at >= ended)
