"""Numbers that contradict what is heard: one recording under many ISRCs, one ISRC on many recordings, wrong digits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..identifiers import KINDS, normalised, problem
from .clusters import Cluster

OF_A_RECORDING = ("isrc",)
"""Numbers that name one recording each; the others name works, people and releases, which have many recordings."""


@dataclass(frozen=True, slots=True)
class Named:
    """One mention of numbers: which recording, where it stood (a file, or a row), and the numbers as found."""

    recording_id: str
    source: str
    numbers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Conflict:
    """One contradiction; the fields are columns of ``tables.CONFLICTS``."""

    kind: str
    number: str
    value: str | None
    recording_ids: tuple[str, ...]
    sources: tuple[str, ...]
    about: str

    def row(self) -> dict[str, str | None]:
        """As a row of the table."""
        ids, sources = " ".join(self.recording_ids), "; ".join(self.sources)
        return {"kind": self.kind, "number": self.number, "value": self.value, "recording_ids": ids,
                "sources": sources, "about": self.about}  # fmt: skip


def conflicts(
    mentions: Iterable[Named], clusters: Sequence[Cluster] = (), *, wanted: Sequence[str] = ("isrc",)
) -> tuple[Conflict, ...]:
    """Everything that is wrong with the numbers of a catalogue, sorted; the same for any order of the mentions.

    Parameters
    ----------
    mentions : iterable of Named
        Numbers of other kinds than ``identifiers.KINDS`` are left alone.
    clusters : sequence of Cluster
        Recordings that are one; a recording in none stands for itself.
    wanted : sequence of str
        Kinds that every recording ought to have.
    """
    found = sorted(mentions, key=lambda m: (m.recording_id, m.source))
    cluster_of = {member: cluster.id for cluster in clusters for member in cluster.members}
    right: list[tuple[str, str, Named]] = []
    out: list[Conflict] = []
    for mention in found:
        for kind in sorted(set(mention.numbers) & set(KINDS)):
            text = mention.numbers[kind]
            wrong = problem(kind, text)
            if wrong is None:
                right.append((kind, normalised(kind, text), mention))
            else:
                out.append(Conflict("invalid_id", kind, text, (mention.recording_id,), (mention.source,), wrong))
    for kind in OF_A_RECORDING:
        mine = [(value, mention) for k, value, mention in right if k == kind]
        out += _one_number_many_recordings(kind, mine, cluster_of)
        out += _one_recording_many_numbers(kind, mine, cluster_of)
    for kind in wanted:
        have = {m.recording_id for m in found if m.numbers.get(kind)}
        out += [_missing(kind, m) for m in found if m.recording_id not in have]
    return tuple(sorted(set(out), key=lambda c: (c.kind, c.number, c.value or "", c.recording_ids, c.sources)))


def _one_number_many_recordings(
    kind: str, mentions: Sequence[tuple[str, Named]], cluster_of: Mapping[str, str]
) -> list[Conflict]:
    by_value: dict[str, list[Named]] = {}
    for value, mention in mentions:
        by_value.setdefault(value, []).append(mention)
    out = []
    for value, named in by_value.items():
        heard = {cluster_of.get(m.recording_id, m.recording_id) for m in named}
        if len(heard) > 1:
            about = f"{len(heard)} recordings that do not sound the same carry the {kind.upper()} {value}"
            out.append(_conflict("one_id_many_audio", kind, value, named, about))
    return out


def _one_recording_many_numbers(
    kind: str, mentions: Sequence[tuple[str, Named]], cluster_of: Mapping[str, str]
) -> list[Conflict]:
    by_recording: dict[str, list[tuple[str, Named]]] = {}
    for value, mention in mentions:
        by_recording.setdefault(cluster_of.get(mention.recording_id, mention.recording_id), []).append((value, mention))
    out = []
    for pairs in by_recording.values():
        values = sorted({value for value, _ in pairs})
        if len(values) > 1:
            about = f"one recording carries {len(values)} different {kind.upper()}s"
            out.append(
                _conflict("one_audio_many_ids", kind, " ".join(values), [mention for _, mention in pairs], about)
            )
    return out


def _conflict(what: str, kind: str, value: str, named: Iterable[Named], about: str) -> Conflict:
    mentions = list(named)
    ids = tuple(sorted({m.recording_id for m in mentions}))
    return Conflict(what, kind, value, ids, tuple(sorted({m.source for m in mentions})), about)


def _missing(kind: str, mention: Named) -> Conflict:
    about = f"no {kind.upper()} is given"
    return Conflict("missing_id", kind, None, (mention.recording_id,), (mention.source,), about)
