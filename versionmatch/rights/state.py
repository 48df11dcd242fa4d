"""What a log says so far: its entries folded into tables, without asking anything but the entries themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from ..audit.entry import Entry
from ..errors import InputError, IntegrityError
from .facts import Grant, checked

Body = Mapping[str, Any]
Subject = tuple[str, str]
"""Kind and id."""


class State:
    """The facts of a log's prefix.

    A later entry on a party, work, recording, asset or catalogue replaces the one before; a grant, a model, a run, a
    statement or a manifest is entered once. A grant on a catalogue reaches what that held when the grant was entered.

    Attributes
    ----------
    parties, works, recordings, assets, catalogues : dict
        Id → body.
    grants : dict
        Id → Grant.
    ended : dict
        Grant → the earliest time from which it is revoked.
    reserved : dict
        (kind, id) → the policy of a reservation of text and data mining.
    placed : dict
        Asset → partition.
    manifests, models, runs, statements : dict
        Root or id → body.
    seqs : dict
        (kind, id) → number of the entry that tells it.
    size, time : int, str
        How many entries, and when the last was made.
    """

    def __init__(self) -> None:
        self.parties: dict[str, Body] = {}
        self.works: dict[str, Body] = {}
        self.recordings: dict[str, Body] = {}
        self.assets: dict[str, Body] = {}
        self.catalogues: dict[str, Body] = {}
        self.grants: dict[str, Grant] = {}
        self.ended: dict[str, str] = {}
        self.revoked_by: dict[str, list[int]] = defaultdict(list)
        self.reserved: dict[Subject, str] = {}
        self.placed: dict[str, str] = {}
        self.manifests: dict[str, Body] = {}
        self.models: dict[str, Body] = {}
        self.runs: dict[str, Body] = {}
        self.statements: dict[str, Body] = {}
        self.seqs: dict[Subject, int] = {}
        self.grants_of: dict[Subject, list[str]] = defaultdict(list)
        self.assets_of: dict[str, set[str]] = defaultdict(set)
        self.size, self.time, self.origin = 0, "", ""

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> State:
        """The facts of some entries, which are those of a log from its first on."""
        state = cls()
        for entry in entries:
            state.add(entry)
        return state

    def add(self, entry: Entry) -> None:
        """Take one more entry; IntegrityError where it could not have been entered."""
        if entry.seq != self.size:
            raise IntegrityError(f"entry {entry.seq} was given where entry {self.size} was due")
        if entry.type == "log":
            self.origin = str(entry.body["origin"])
        else:
            try:
                self.check(entry.type, entry.body)
            except InputError as error:
                raise IntegrityError(f"entry {entry.seq} cannot have been entered: {error}") from error
            self._take(entry)
        self.size, self.time = self.size + 1, entry.time

    def check(self, kind: str, body: Body) -> dict[str, Any]:
        """The body of a new entry as it would be kept; InputError where it is not right or names what is not known."""
        found = checked(kind, body)
        for names, table, what in self._named(kind, found):
            for name in names:
                if name not in table:
                    raise InputError(f"{kind} {found.get('id', '')}: there is no {what} {name!r}; enter it first")
        tables: dict[str, Mapping[str, object]] = {
            "grant": self.grants, "model": self.models, "run": self.runs, "statement": self.statements,
        }  # fmt: skip
        once = tables.get(kind, {})
        if found.get("id") in once:
            raise InputError(f"there is a {kind} {found['id']!r} already; choose another id")
        if kind == "model":
            self._check_model(found)
        return found

    def _named(self, kind: str, body: Body) -> list[tuple[Iterable[str], Mapping[str, Any], str]]:
        """The ids that a body names, and where they must be known."""
        subjects = [body["subject"]] if "subject" in body else body.get("members", ()) if kind == "catalogue" else ()
        tables = {"asset": self.assets, "recording": self.recordings, "work": self.works, "catalogue": self.catalogues}
        named: list[tuple[Iterable[str], Mapping[str, Any], str]] = [
            ((s["id"],), tables[s["kind"]], s["kind"]) for s in subjects
        ]
        if kind == "work":
            named.append(((*body["shares"], *body["writers"]), self.parties, "party"))
        elif kind == "recording":
            named += [(body["owners"], self.parties, "party"), (body["works"], self.works, "work")]
        elif kind == "asset":
            named.append(((body["recording"],), self.recordings, "recording"))
        elif kind == "grant":
            named.append(((body["grantor"],), self.parties, "party"))
        elif kind == "revocation":
            named.append(((body["grant"],), self.grants, "grant"))
        elif kind == "placed":
            named.append(((body["asset"],), self.assets, "asset"))
        elif kind == "model":
            named.append(((body["manifest"],), self.manifests, "frozen manifest"))
        elif kind == "run":
            named.append(([body["model"]] if body["model"] else [], self.models, "model"))
        elif kind == "statement":
            named.append(([body["run"]] if body["run"] else [], self.runs, "run"))
        return named

    def _check_model(self, body: Body) -> None:
        """A model is trained with what was frozen for it."""
        frozen = self.manifests[body["manifest"]]
        if frozen["scope"] != "train" or frozen["model_version"] != body["version"]:
            raise InputError(
                f"model {body['id']}: the manifest {body['manifest'][:12]}… was frozen for scope {frozen['scope']} and "
                f"model version {frozen['model_version']!r}, not to train {body['version']!r}; freeze one for it"
            )

    def _take(self, entry: Entry) -> None:
        kind, body = entry.type, entry.body
        tables: dict[str, dict[str, Body]] = {
            "party": self.parties, "work": self.works, "recording": self.recordings, "catalogue": self.catalogues,
            "model": self.models, "run": self.runs, "statement": self.statements,
        }  # fmt: skip
        if kind in tables:
            tables[kind][body["id"]] = body
        elif kind == "asset":
            if body["id"] in self.assets:
                self.assets_of[self.assets[body["id"]]["recording"]].discard(body["id"])
            self.assets[body["id"]] = body
            self.assets_of[body["recording"]].add(body["id"])
        elif kind == "grant":
            self._grant(entry)
        elif kind == "revocation":
            self.ended[body["grant"]] = min(self.ended.get(body["grant"], body["effective"]), body["effective"])
            self.revoked_by[body["grant"]].append(entry.seq)
        elif kind == "reservation":
            self._reserve((body["subject"]["kind"], body["subject"]["id"]), body)
        elif kind == "placed":
            self.placed[body["asset"]] = body["partition"]
        elif kind == "manifest":
            self.manifests[body["root"]] = body
        name = body.get("id") or body.get("root") or body.get("grant") or body.get("asset")
        if kind == "reservation":
            name = f"{body['subject']['kind']}:{body['subject']['id']}"
        if name:
            self.seqs[kind, str(name)] = entry.seq

    def _grant(self, entry: Entry) -> None:
        body = entry.body
        subject = (body["subject"]["kind"], body["subject"]["id"])
        reached = frozenset(self._members(subject, frozenset()))
        names = ("id", "grantor", "licensee", "effect", "right", "start", "end", "terms_sha256")
        grant = Grant(
            seq=entry.seq,
            logged=entry.time,
            subjects=reached,
            scopes=frozenset(body["scopes"]),
            models=frozenset(body["models"]),
            territories=frozenset(body["territories"]),
            **{name: body[name] for name in names},
        )
        self.grants[grant.id] = grant
        for each in reached:
            self.grants_of[each].append(grant.id)

    def _members(self, subject: Subject, seen: frozenset[Subject]) -> Iterable[Subject]:
        if subject[0] != "catalogue":
            yield subject
            return
        for member in self.catalogues[subject[1]]["members"] if subject not in seen else ():
            yield from self._members((member["kind"], member["id"]), seen | {subject})

    def _reserve(self, subject: Subject, body: Body) -> None:
        if body["reserved"]:
            self.reserved[subject] = body["policy"]
        else:
            self.reserved.pop(subject, None)
