"""The tables that a catalogue's jobs hand out: their columns, what each means, and a JSON Schema of a row.

Within a major version columns are only ever added, at the end.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import InputError

Row = Mapping[str, Any]
JSON_TYPES = {"text": "string", "number": "number", "count": "integer", "flag": "boolean"}
_PYTHON: dict[str, tuple[type, ...]] = {"text": (str,), "number": (int, float), "count": (int,), "flag": (bool,)}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its ``kind`` is ``text``, ``number`` (finite), ``count`` (whole) or ``flag``."""

    name: str
    kind: str
    about: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table by name and version; ``columns`` in the order in which they are written."""

    name: str
    version: int
    columns: tuple[Column, ...]

    @property
    def id(self) -> str:
        """As files name it: ``versionmatch.matches/1``."""
        return f"versionmatch.{self.name}/{self.version}"

    def schema(self) -> dict[str, Any]:
        """JSON Schema (2020-12) of one row."""
        properties = {}
        for column in self.columns:
            kind = JSON_TYPES[column.kind]
            properties[column.name] = {
                "type": [kind, "null"] if column.optional else kind,
                "description": column.about,
            }
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.id,
            "type": "object",
            "properties": properties,
            "required": [column.name for column in self.columns],
            "additionalProperties": False,
        }

    def checked(self, row: Row) -> dict[str, Any]:
        """A row with all columns in order; InputError names a column that is missing, unknown or of another kind."""
        unknown = set(row) - {column.name for column in self.columns}
        if unknown:
            raise InputError(f"{self.id} has no column {min(unknown)!r}; there are: {', '.join(self.names)}")
        return {column.name: _value(self, column, row.get(column.name)) for column in self.columns}

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns."""
        return tuple(column.name for column in self.columns)


def _value(table: Table, column: Column, value: Any) -> Any:
    if value is None:
        if column.optional:
            return None
        raise InputError(f"{table.id}: the column {column.name!r} is empty; every row must have it")
    if hasattr(value, "item"):  # a number of numpy
        value = value.item()
    right = isinstance(value, _PYTHON[column.kind]) and (column.kind == "flag" or not isinstance(value, bool))
    if not right or (isinstance(value, float) and not math.isfinite(value)):
        raise InputError(f"{table.id}: the column {column.name!r} holds {value!r}; it must be a {column.kind}")
    return float(value) if column.kind == "number" else value


MATCHES = Table(
    "matches",
    1,
    (
        Column("query_id", "text", "id of the one recording"),
        Column("ref_id", "text", "id of the other"),
        Column("tier", "text", "relation: same recording, altered recording, version, related passage"),
        Column(
            "score",
            "number",
            "1 where the sound is the same; else the probability of being versions, at the prior in run.json",
        ),
        Column("p_null", "number", "p-value against the null distribution that run.json names", optional=True),
        Column("q_start", "number", "seconds in the query"),
        Column("q_end", "number", "seconds in the query"),
        Column("r_start", "number", "seconds in the reference"),
        Column("r_end", "number", "seconds in the reference"),
        Column("transpose", "count", "semitones by which the reference is raised to match, 0 to 11", optional=True),
        Column("tempo_ratio", "number", "tempo of the query over that of the reference", optional=True),
        Column("matched_s", "number", "seconds of the query that were matched"),
        Column("coverage_q", "number", "share of the query, 0 to 1"),
        Column("coverage_r", "number", "share of the reference, 0 to 1"),
        Column("method", "text", "the cue or tier that decided"),
        Column("model_id", "text", "the embedding model that proposed the pair", optional=True),
        Column("rank", "count", "1 = the surest match of this query"),
        Column(
            "q_value",
            "number",
            "share of wrong ones to be expected among this pair and all surer ones, by their probabilities",
            optional=True,
        ),
    ),
)
CLUSTERS = Table(
    "clusters",
    1,
    (
        Column("cluster_id", "text", "id of the cluster's first member"),
        Column("recording_id", "text", "a member"),
        Column("tier", "text", "always same recording: nothing weaker joins"),
        Column("role", "text", "original or duplicate: the original is the longest, then the first by id"),
        Column("confidence", "number", "the weakest score that joined the cluster, 0 to 1"),
        Column("reason", "text", "why it is a member"),
    ),
)
CONFLICTS = Table(
    "conflicts",
    1,
    (
        Column("kind", "text", "one_audio_many_ids, one_id_many_audio, invalid_id or missing_id"),
        Column("number", "text", "isrc, iswc, isni, ipi or upc"),
        Column("value", "text", "the number, or all of them", optional=True),
        Column("recording_ids", "text", "the recordings concerned, separated by blanks"),
        Column("sources", "text", "where the number stood: file, or manifest with row and column"),
        Column("about", "text", "what is wrong, as a sentence"),
    ),
)
ERRORS = Table(
    "errors",
    1,
    (
        Column("path", "text", "the input as it was named"),
        Column("code", "text", "quarantine code"),
        Column("about", "text", "what was wrong, as a sentence"),
        Column("recording_id", "text", "where the sound could be read all the same", optional=True),
    ),
)
DECISIONS = Table(
    "decisions",
    1,
    (
        Column("query_id", "text", "id of the one recording"),
        Column("ref_id", "text", "id of the other; which is which does not matter"),
        Column("tier", "text", "the relation that was looked at"),
        Column("decision", "text", "accept, reject (not a duplicate, never asked again) or unsure"),
        Column("note", "text", "what the reviewer wrote", optional=True),
        Column("decided_at", "text", "when, as ISO 8601 in UTC", optional=True),
    ),
)
LEAKS = Table(
    "leaks",
    1,
    (
        Column("recording_id", "text", "a recording that is in the other set too, and should be left out"),
        Column("path", "text", "its file"),
        Column("level", "text", "recording: the same sound, also altered; work: a version of one of its works"),
        Column("ref_id", "text", "the surest match in the other set"),
        Column("tier", "text", "the relation to it"),
        Column("score", "number", "its probability, 0 to 1"),
    ),
)
PRIOR_ART = Table(
    "prior-art",
    1,
    (
        Column("rank", "count", "1 = the work that holds the passage best, within its group"),
        Column("group", "text", "dated, undated, or not before (later than --before, or not surely earlier)"),
        Column("work_id", "text", "its file below the corpus, with #3 for a tune of a book"),
        Column("title", "text", "as the manifest or the score has it", optional=True),
        Column("composer", "text", "the same", optional=True),
        Column("date", "text", "as it was given", optional=True),
        Column("year_from", "count", "the first year that the date allows", optional=True),
        Column("year_to", "count", "the last", optional=True),
        Column("holds", "flag", "whether enough of the passage's notes are the same, with few others between"),
        Column("identical", "count", "notes of the passage that are the same there, in the best key"),
        Column("share", "number", "the same over the notes of the passage, 0 to 1"),
        Column("transpose", "count", "semitones by which the work is raised to the passage, -5 to 6"),
        Column("part", "text", "the part of the work"),
        Column("start_q", "number", "where its place begins, in quarters from the beginning"),
        Column("end_q", "number", "and ends"),
        Column("start_s", "number", "the same in seconds, at the score's tempi"),
        Column("end_s", "number", "the same"),
        Column("bar_from", "count", "the same in bars, from 1; an upbeat is counted as a bar", optional=True),
        Column("bar_to", "count", "the same", optional=True),
        Column("passage_from", "count", "the first note of the passage that is met, from 1"),
        Column("passage_to", "count", "the last"),
        Column("score", "number", "of the alignment, as pitch_passage gives it"),
        Column(
            "p_value",
            "number",
            "among reversed passages; empty where the corpus or the passage is too small",
            optional=True,
        ),
        Column("q_value", "number", "Benjamini-Hochberg over all works of the corpus", optional=True),
    ),
)
REFUSED = Table(
    "refused-works",
    1,
    (Column("file", "text", "the file below the corpus"), Column("reason", "text", "why it was not taken in")),
)
INFLUENCE = Table(
    "influence",
    1,
    (
        Column("output", "text", "the output that was attributed"),
        Column("verdict", "text", "of its ranking: ranked, weak, unattributable, refused"),
        Column("p_value", "number", "share of the panel that is as pronounced; empty without a panel", optional=True),
        Column("rank", "count", "1 = the most influential item"),
        Column("item", "text", "id in the corpus"),
        Column("title", "text", "as the manifest has it", optional=True),
        Column("holder", "text", "who holds the rights, as the manifest has it"),
        Column("score", "number", "influence; positive: without the item, the output's loss should be higher"),
        Column("unit", "text", "of the score"),
        Column("standard_error", "number", "of the score, over draws of noise", optional=True),
        Column("spread", "number", "standard deviation of the score over models", optional=True),
        Column("z", "number", "the score beside the panel's for the same item", optional=True),
        Column(
            "likeness", "number", "how alike item and output are by a method that looks at no weights", optional=True
        ),
        Column("likeness_rank", "count", "1 = the most alike of those scored", optional=True),
        Column("scored", "count", "items that were scored"),
        Column("corpus_size", "count", "items that there are"),
        Column("gate", "text", "how those to score were chosen"),
        Column("method", "text", "of attribution"),
    ),
)
TABLES = {
    table.name: table
    for table in (MATCHES, CLUSTERS, CONFLICTS, ERRORS, DECISIONS, LEAKS, PRIOR_ART, REFUSED, INFLUENCE)
}
