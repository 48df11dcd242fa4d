"""What is named as a corpus of works: folders and manifests of scores become works and their lines of notes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..index.tunes import KINDS, Inverted, Line, Notation, TuneCorpus, Work
from ..melodic.corpus import Lines
from ..melodic.tune import Tune
from ..scores.reading import format_of, read_scores
from ..scores.score import Score
from ..scores.voice import SKYLINE, line_of, melody_part
from ..scores.written import bars_of
from ..types.value import frozen
from .dates import years_of
from .index_inputs import MANIFESTS
from .index_manifest import manifest_rows

ENDINGS = frozenset({".mid", ".midi", ".rmi", ".musicxml", ".xml", ".mxl", ".abc", ".krn", ".kern", ".csv"})
"""Files of a folder that are looked into; XML and CSV that hold no score are passed over."""


@dataclass(frozen=True, slots=True)
class Given:
    """A file of a corpus: its name below it, its path, and what a manifest says of it; ``refused`` says why it is none.

    ``sure`` where it was named itself, so that it is an error for it not to be a score.
    """

    name: str
    path: str
    facts: Mapping[str, str]
    refused: str = ""
    sure: bool = True


@dataclass(frozen=True, eq=False, slots=True)
class Read:
    """A work with its lines: part's name, whether it is the melody, its notes and where they stand."""

    work: Work
    lines: tuple[tuple[str, bool, Tune, Notation], ...]


def given_files(sources: Iterable[str | os.PathLike[str]]) -> Iterator[Given | None]:
    """All files of the sources, those of a folder sorted; None for each that is no score by its name.

    Raises InputError for a source that is not there, or a manifest that cannot be read.
    """
    for source in sources:
        path = Path(source)
        if path.is_dir():
            yield from _folder(path)
        elif not path.is_file() and not Path(str(source).rpartition("#")[0]).is_file():
            raise InputError(f"{source} is not there; name a folder of scores, a manifest, or a score")
        elif path.suffix.lower() in MANIFESTS and not _is_notes(path):
            for number, row in enumerate(manifest_rows(path), start=1):
                if row.verdict:
                    yield Given(f"{path.name}#row={number}", row.path, {}, f"row {number} names no path")
                else:
                    yield Given(os.path.relpath(row.path, path.parent), row.path, row.facts)
        else:
            yield Given(path.name, str(path), {})


def _folder(top: Path) -> Iterator[Given | None]:
    for folder, names, files in os.walk(top):
        names[:] = sorted(n for n in names if not n.startswith("."))
        for name in sorted(files):
            path = os.path.join(folder, name)
            wanted = os.path.splitext(name)[1].lower() in ENDINGS and not name.startswith(".")
            yield Given(os.path.relpath(path, top), path, {}, sure=False) if wanted else None


def _is_notes(path: Path) -> bool:
    with path.open("rb") as file:
        return format_of(file.read(1 << 16), path.name) == "csv"


def read_works(given: Given) -> tuple[list[Read], list[tuple[str, str]]]:
    """The works of a file, each tune of an ABC book for itself, and (name, reason) of what cannot be used."""
    if given.refused:
        return [], [(given.name, given.refused)]
    try:
        scores = read_scores(given.path)
        digest = _sha256(given.path) if scores else ""
    except InputError as error:
        return [], [(given.name, str(error))]
    except OSError as error:
        return [], [(given.name, f"it cannot be read: {error.strerror or error}")]
    except (ArithmeticError, LookupError, TypeError, ValueError, RuntimeError) as error:  # one file, not the corpus
        return [], [
            (given.name, f"reading it failed, which is a defect of the reader: {type(error).__name__}: {error}")
        ]
    if not scores:
        there = os.path.isfile(given.path) or os.path.isfile(given.path.rpartition("#")[0])
        what = "it is no score that can be read" if there else "it is not there"
        return [], [(given.name, what)] if given.sure else []
    works, refused = [], []
    for number, score in scores:
        name = given.name if number is None else f"{given.name}#{number}"
        if isinstance(score, Score):
            works.append(_work(name, score, given.facts if len(scores) == 1 else _of_book(given.facts), digest))
        else:
            refused.append((name, str(score)))
    return works, refused


def _of_book(facts: Mapping[str, str]) -> dict[str, str]:
    """What a manifest's row of a whole book says of each tune: not the title."""
    return {name: text for name, text in facts.items() if name != "title"}


def _sha256(path: str) -> str:
    place = path if os.path.isfile(path) else path.rpartition("#")[0]
    with open(place, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _work(name: str, score: Score, facts: Mapping[str, str], digest: str) -> Read:
    date = facts.get("date") or score.date or ""
    low, high = years_of(date)
    title, composer = facts.get("title") or score.title or "", facts.get("composer") or score.composer or ""
    work = Work(name.replace(os.sep, "/"), title, composer, date, low, high, score.format, digest, score.id)
    melody = melody_part(score)
    lines = [_line(score, part, melody=part == melody) for part in range(len(score.parts))]
    if melody is None:
        lines.insert(0, _line(score, None, melody=True))
    return Read(work, tuple(lines))


def _line(score: Score, part: int | None, *, melody: bool) -> tuple[str, bool, Tune, Notation]:
    at = line_of(score, part)
    onset_q, onset_s = score.onset_q[at], score.onset_s[at]
    length_q = np.minimum(score.duration_q[at], np.append(np.diff(onset_q), np.inf))
    length_s = np.minimum(score.duration_s[at], np.append(np.diff(onset_s), np.inf))
    q, q_long, s, s_long = (frozen(v, np.float32) for v in (onset_q, length_q, onset_s, length_s))
    where = Notation(q, q_long, s, s_long, bars_of(score, onset_q))
    name = SKYLINE if part is None else score.parts[part]
    return name, melody, Tune(np.round(score.pitch[at]).astype(np.int32)), where


def corpus_of(
    found: Iterable[Read], refused: Iterable[tuple[str, str]], passed_over: int, *, parts: str, seed: int
) -> TuneCorpus:
    """The works, sorted by id, with all their lines or those of the melody, and their figures found again."""
    ordered = sorted(found, key=lambda read: read.work.id)
    chosen = [(w, line) for w, read in enumerate(ordered) for line in read.lines if parts == "all" or line[1]]
    lines = Lines.of(tune for _, (_, _, tune, _) in chosen)
    owners = [w for w, _ in chosen]
    return TuneCorpus(
        works=tuple(read.work for read in ordered),
        lines=lines,
        of=tuple(Line(w, name, melody) for w, (name, melody, _, _) in chosen),
        notation=Notation.joined([where for _, (_, _, _, where) in chosen]),
        inverted={kind: Inverted.of(kind, lines, owners) for kind in KINDS},
        refused=tuple(sorted(refused)),
        passed_over=passed_over,
        seed=seed,
    )
