"""Nulls by kind of pair and by what chance lets expect, and p-values of several measures taken together.

What chance gives depends on how long the two are, on what they have in common by their stock of intervals, and on
what they are: two transcriptions by hand, two recordings of which machines made notes, or one of each. A table of nulls
keeps unrelated pairs of a named corpus for each kind (``graded``), and how their measures go together (``joint``), so
that the sum of −ln p of any choice of them has a null of its own.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from ..errors import InputError, IntegrityError
from ..files import shipped_models
from ..types import Evidence, Null, Recording
from .calibrate import Logistic
from .graded import GradedNull, graded, read, written
from .joint import JointNull, joint_p
from .null import p_value

SCHEMA = "versionmatch.nulls/2"
DEFAULT = "nulls-v1"
KINDS = ("recordings", "scores", "mixed")
ENOUGH = 200
"""Fewer unrelated pairs allow no statement on rarity."""


def kind_of(query: Recording, reference: Recording) -> str:
    """What two sides are: ``recordings``, ``scores``, or ``mixed``, one of each."""
    n_scores = query.is_score + reference.is_score
    return ("recordings", "mixed", "scores")[n_scores]


@dataclass(frozen=True, eq=False, slots=True)
class NullTable:
    """Nulls of cues, by kind of pair and by what is to be expected.

    ``nulls``: kind → cue → its null in classes; ``joint``: kind → what measures of unrelated pairs gave together;
    ``odds``: kind → names joined by ``+`` → log-odds of being versions, of kinds that have their own (see
    ``elements.log_odds``); ``provenance`` says of what corpora.
    """

    id: str
    nulls: Mapping[str, Mapping[str, GradedNull]]
    joint: Mapping[str, tuple[JointNull, ...]]
    provenance: Mapping[str, Any]
    odds: Mapping[str, Mapping[str, Logistic]] = field(default_factory=dict)

    def null(self, kind: str, evidence: Evidence) -> Null | None:
        """The null of pairs of which about as much is to be expected; None where the table has none of that cue."""
        known = self.nulls.get(kind, {}).get(evidence.cue)
        return None if known is None else known.null(evidence)

    def apply(self, evidence: Evidence, kind: str) -> Evidence:
        """The evidence with its p-value and null by this table; unchanged where it has none or nothing was compared."""
        null = self.null(kind, evidence)
        if null is None or not compared(evidence):
            return evidence
        return replace(evidence, p_value=p_value(evidence.raw, null), null=null)

    def together(self, kind: str, p_values: Mapping[str, float]) -> tuple[float, Null] | None:
        """The p-value of the sum of −ln p of several cues, and the sums it stands beside (``joint.joint_p``).

        None where fewer than ``ENOUGH`` unrelated pairs have all of those cues.
        """
        nats = {cue: -math.log(p) for cue, p in p_values.items()}
        return joint_p(self.joint.get(kind, ()), nats, enough=ENOUGH)

    @property
    def digest(self) -> str:
        """Of all that the table says: 16 hexadecimal digits."""
        return sha256(b"".join(self.to_files().values())).hexdigest()[:16]

    def to_files(self) -> dict[str, bytes]:
        """What its folder holds, by name; ``of_files`` reads it back."""
        odds = {k: {n: {"intercept": v.intercept, "weights": dict(v.weights)} for n, v in m.items()}
                for k, m in self.odds.items()}  # fmt: skip
        nulls = {kind: {cue: written(null) for cue, null in cues.items()} for kind, cues in self.nulls.items()}
        joint = {k: [{"corpus": j.corpus, "cues": list(j.cues)} for j in found] for k, found in self.joint.items()}
        about = {"schema": SCHEMA, "id": self.id, "provenance": dict(self.provenance), "odds": odds, "joint": joint,
                 "nulls": nulls}  # fmt: skip
        arrays = {f"{k}.{i}": j.steps for k, found in self.joint.items() for i, j in enumerate(found)}
        text = json.dumps(about, indent=1, ensure_ascii=False) + "\n"
        return {"nulls.json": text.encode(), "joint.safetensors": save_arrays(arrays)}

    @classmethod
    def of_files(cls, files: Mapping[str, bytes], *, source: str = "table of nulls") -> NullTable:
        """A table from what its folder holds; IntegrityError names what is wrong with it."""
        try:
            data = json.loads(files["nulls.json"])
            if data["schema"] != SCHEMA:
                raise IntegrityError(f"{source} has schema {data['schema']!r}; this version reads {SCHEMA!r}")
            arrays = load_arrays(files["joint.safetensors"])
            nulls = {kind: {cue: read(row) for cue, row in cues.items()} for kind, cues in data["nulls"].items()}
            joint = {
                kind: tuple(_joint(row, arrays[f"{kind}.{i}"]) for i, row in enumerate(rows))
                for kind, rows in data["joint"].items()
            }
            odds = {
                kind: {name: Logistic(float(v["intercept"]), v["weights"]) for name, v in m.items()}
                for kind, m in data["odds"].items()
            }
            return cls(data["id"], nulls, joint, data["provenance"], odds)
        except (KeyError, TypeError, ValueError, SafetensorError) as error:
            raise IntegrityError(f"{source} is no table of nulls: {error!r}; install the package again") from error


def _joint(row: Mapping[str, Any], steps: np.ndarray) -> JointNull:
    if steps.dtype != np.uint16 or steps.ndim != 2 or steps.shape[1] != len(row["cues"]):
        raise ValueError(f"{len(row['cues'])} measures, but an array of {steps.shape} {steps.dtype}")
    return JointNull(row["corpus"], tuple(row["cues"]), steps)


def compared(evidence: Evidence) -> bool:
    """Whether there was anything to compare: a raw value of 0 says something only where something was compared."""
    return evidence.raw != 0.0 or evidence.size > 0


def nulls_of(
    rows: Mapping[str, Sequence[Evidence]], corpus: str, *, provenance: str = "", **settings: int
) -> dict[str, GradedNull]:
    """Nulls of one kind of pair: ``rows`` are, by cue, what unrelated pairs gave; ``settings`` are those of ``graded``.

    What was not compared is left out, and so are cues of fewer than ``ENOUGH`` pairs.
    """
    known = {cue: [e for e in found if compared(e)] for cue, found in rows.items()}
    return {
        cue: graded(found, corpus, provenance=provenance, **settings)
        for cue, found in known.items()
        if len(found) >= ENOUGH
    }


def joint_of(nulls: Mapping[str, GradedNull], rows: Mapping[str, Sequence[Evidence]], corpus: str) -> JointNull:
    """How measures go together: ``rows`` are, by cue, what unrelated pairs gave, in one order."""
    table = NullTable("", {"": nulls}, {}, {})
    nats = {cue: [_nats(table.apply(e, "")) for e in found] for cue, found in rows.items() if cue in nulls}
    return JointNull.of(corpus, {cue: np.array(values) for cue, values in nats.items() if not np.isnan(values).all()})


def _nats(evidence: Evidence) -> float:
    return math.nan if evidence.p_value is None else -math.log(evidence.p_value)


@cache
def load(name: str = DEFAULT) -> NullTable:
    """The table that is shipped under that name; read once. InputError where there is none."""
    folder = shipped_models() / name
    if not name.replace("-", "").isalnum() or not (folder / "nulls.json").is_file():
        raise InputError(f"there is no table of nulls {name!r}; the default is {DEFAULT!r}")
    files = {file.name: file.read_bytes() for file in sorted(folder.iterdir())}
    return NullTable.of_files(files, source=f"models/{name}")
