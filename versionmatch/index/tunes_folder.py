"""A ``TuneCorpus`` as a folder: arrays as safetensors, facts as JSON, and a head that names both with their sha256."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from ..errors import InputError, IntegrityError
from ..melodic.corpus import Lines
from ..melodic.rarity import BINS, LENGTHS
from ..store.disk import PART, Disk, left_behind
from ..types.value import frozen
from .tunes import KINDS, Inverted, Line, Notation, TuneCorpus, Work

SCHEMA = "versionmatch.tunes/1"
HEAD = "tunes.json"
NOTATION = tuple(f.name for f in fields(Notation))


def write(corpus: TuneCorpus, folder: Path, *, disk: Disk | None = None) -> None:
    """Keep a corpus in a folder; the same corpus gives the same bytes.

    The head is written last: what was there before stays whole until then, and a kill leaves nothing that would be
    read. Raises InputError where the folder holds something else.
    """
    disk = disk or Disk()
    if folder.exists() and not _may_be_written(folder):
        raise InputError(f"{folder} is there and holds no index of tunes; name another folder for the index")
    disk.make_folder(folder)
    files = {}
    for name, content in (("arrays.safetensors", save_arrays(_arrays(corpus))), ("facts.json", _facts(corpus))):
        digest = hashlib.sha256(content).hexdigest()
        stem, _, ending = name.partition(".")
        files[f"{stem}-{digest[:16]}.{ending}"] = digest
        disk.write(folder / f"{stem}-{digest[:16]}.{ending}", content)
    head = {"schema": SCHEMA, "n_works": len(corpus.works), "files": files}
    disk.write(folder / HEAD, _json({**head, "sha256": _digest(head)}))
    for stale in [*folder.glob("arrays-*"), *folder.glob("facts-*"), *left_behind(folder)]:
        if stale.name not in files:
            disk.remove(stale)


def read(folder: Path) -> TuneCorpus:
    """The corpus that a folder holds, every byte of it checked.

    Raises InputError for a folder that is no index, IntegrityError for one that is damaged.
    """
    try:
        head = json.loads((folder / HEAD).read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(f"{folder} holds no index of tunes; make one with `versionmatch prior-art build`") from error
    except ValueError as error:
        raise _damaged(folder, f"{HEAD} is no JSON") from error
    if not isinstance(head, dict) or head.pop("sha256", None) != _digest(head):
        raise _damaged(folder, f"{HEAD} is not what was written")
    if head["schema"] != SCHEMA:
        raise IntegrityError(f"{folder} has the schema {head['schema']!r}, this version reads {SCHEMA}; build it again")
    content = {name.partition("-")[0]: _checked(folder, name, digest) for name, digest in head["files"].items()}
    try:
        return _corpus(load_arrays(content["arrays"]), json.loads(content["facts"]))
    except (KeyError, TypeError, ValueError, SafetensorError) as error:
        raise _damaged(folder, f"its files do not hold together ({error})") from error


def is_tune_index(folder: Path) -> bool:
    """Whether a folder was made by ``write``."""
    return (folder / HEAD).is_file()


def _checked(folder: Path, name: str, digest: str) -> bytes:
    try:
        content = (folder / name).read_bytes()
    except FileNotFoundError as error:
        raise _damaged(folder, f"{name} is missing") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise _damaged(folder, f"{name} is not what was written")
    return content


def _damaged(folder: Path, what: str) -> IntegrityError:
    return IntegrityError(f"the index of tunes {folder} is damaged: {what}; build it again")


def _may_be_written(folder: Path) -> bool:
    """Whether it is an index already, or empty, or holds only what a killed build leaves."""
    if not folder.is_dir():
        return False
    names = [path.name for path in folder.iterdir()]
    return HEAD in names or all(name.startswith(("arrays-", "facts-")) or name.endswith(PART) for name in names)


def _arrays(corpus: TuneCorpus) -> dict[str, Any]:
    made: dict[str, Any] = {
        "lines.pitches": corpus.lines.pitches.astype(np.int16),
        "lines.starts": corpus.lines.starts,
        "lines.work": np.array([line.work for line in corpus.of], np.int32),
        "lines.melody": np.array([line.melody for line in corpus.of], np.uint8),
    }
    made |= {f"notes.{name}": getattr(corpus.notation, name) for name in NOTATION}
    for kind, inverted in corpus.inverted.items():
        made |= {f"{kind}.{name}": getattr(inverted, name) for name in ("codes", "starts", "works")}
    made |= {f"null.{parts}": table for parts, table in corpus.nulls.items()}
    return {name: np.ascontiguousarray(values) for name, values in made.items()}


def _facts(corpus: TuneCorpus) -> bytes:
    return _json(
        {
            "works": [asdict(work) for work in corpus.works],
            "parts": [line.part for line in corpus.of],
            "refused": [list(pair) for pair in corpus.refused],
            "passed_over": corpus.passed_over,
            "seed": corpus.seed,
            "null_lengths": list(LENGTHS),
        }
    )


def _corpus(arrays: dict[str, Any], facts: dict[str, Any]) -> TuneCorpus:
    of = zip(arrays["lines.work"].tolist(), facts["parts"], arrays["lines.melody"].tolist(), strict=True)
    inverted = {
        kind: Inverted(
            kind,
            frozen(arrays[f"{kind}.codes"], np.uint32),
            frozen(arrays[f"{kind}.starts"], np.int64),
            frozen(arrays[f"{kind}.works"], np.int32),
        )
        for kind in KINDS
    }
    nulls = {name.removeprefix("null."): table for name, table in arrays.items() if name.startswith("null.")}
    if any(table.shape != (len(LENGTHS), BINS) for table in nulls.values()) or facts["null_lengths"] != list(LENGTHS):
        raise ValueError("the null distributions are of another version")
    return TuneCorpus(
        works=tuple(Work(**work) for work in facts["works"]),
        lines=Lines(arrays["lines.pitches"], arrays["lines.starts"]),
        of=tuple(Line(work, part, bool(melody)) for work, part, melody in of),
        notation=Notation(*(arrays[f"notes.{name}"] for name in NOTATION)),
        inverted=inverted,
        nulls=nulls,
        refused=tuple((file, reason) for file, reason in facts["refused"]),
        passed_over=facts["passed_over"],
        seed=facts["seed"],
    )


def _json(document: Any) -> bytes:
    return (json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n").encode()


def _digest(head: dict[str, Any]) -> str:
    return hashlib.sha256(_json(head)).hexdigest()
