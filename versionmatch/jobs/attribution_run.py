"""The folder of an attribution: results, all that they depend on, and whether they come out again.

::

    run/run.json        weights, corpus and code digests, seeds, settings, files with their sha256
    run/corpus.json     the corpus as it was frozen
    run/results.json    a result for each output
    run/influence.csv   the rankings as a table; also .jsonl, .parquet
    run/royalty.json    the rankings as `versionmatch royalty` takes influence
    run/cache/          what was computed on the way; may be deleted
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import rankdata

from .. import __version__
from ..attribution.attribute import code_digest
from ..attribution.cache import Cache, digest_of
from ..errors import InputError, IntegrityError
from ..files import write_atomically
from ..store.table_file import write_table
from ..tables import INFLUENCE
from .attribution import Attributed, AttributionParams, Inputs, Tell, attributed
from .attribution_corpus import Disclosed, read_corpus, write_corpus
from .attribution_files import digests_of, sha256_of

SCHEMA = "versionmatch.attribution/1"
RUN, RESULTS, CORPUS, ROYALTY, VALIDATION = "run.json", "results.json", "corpus.json", "royalty.json", "validate.json"
FORMATS = ("csv", "jsonl", "parquet")
FILES = ("outputs", "panel", "held_out")
OF_ITEM = ("item", "holder", "score", "standard_error", "spread", "z")
OF_RESULT = ("verdict", "p_value", "unit", "scored", "corpus_size", "gate", "method")


@dataclass(frozen=True, eq=False, slots=True)
class Done:
    """A finished run: its folder, its facts (``run.json``), and what was found."""

    folder: Path
    facts: Mapping[str, Any]
    rows: tuple[Mapping[str, Any], ...]
    disclosed: Disclosed


def run(
    inputs: Inputs,
    params: AttributionParams,
    folder: Path,
    *,
    formats: Sequence[str] = ("csv",),
    validation: Path | None = None,
    tell: Tell = lambda _: None,
) -> Done:
    """Attribute, and keep everything in the folder; a run that was stopped goes on where it was.

    ``validation`` is what ``validate`` left: it is cited where it is of this very model, corpus, method and code.
    """
    odd = sorted(set(formats) - set(FORMATS))
    if odd:
        raise InputError(f"there is no table format {odd[0]!r}; there are: {', '.join(FORMATS)}")
    facts = facts_of(inputs, params, folder)
    facts["validation"] = cited(validation or folder / VALIDATION, facts, required=validation is not None)
    found = attributed(inputs, params, Cache(folder / "cache"), tell=tell, pages=folder / "evidence")
    rows = tuple(each.to_dict(full=params.full) for each in found)
    facts["results_sha256"] = digest_of(_comparable(rows))
    tell("writing")
    write_corpus(folder / CORPUS, inputs.disclosed)
    _write(folder / RESULTS, {"schema": SCHEMA, "results": list(rows)})
    for name in formats:
        write_table(INFLUENCE, table_rows(found, inputs.disclosed), folder / f"influence.{name}")
    _write(folder / ROYALTY, royalty_rows(facts, rows))
    _write(folder / RUN, facts)
    return Done(folder, facts, rows, inputs.disclosed)


def facts_of(inputs: Inputs, params: AttributionParams, folder: Path) -> dict[str, Any]:
    """All that the results depend on, before they are there."""
    method, corpus, registered = params.made(), inputs.disclosed.corpus, inputs.disclosed.registered
    first = inputs.models[0]
    facts: dict[str, Any] = {
        "schema": SCHEMA,
        "versionmatch": __version__,
        "code_sha256": code_digest(),
        "models": [
            {"name": name, "weights_sha256": model.fingerprint}
            for name, model in zip(inputs.names, inputs.models, strict=True)
        ],
        "loss_unit": first.loss_unit,
        "corpus": {
            "name": corpus.name,
            "sha256": corpus.digest,
            "items": len(corpus),
            "holders": len(set(corpus.holders)),
            "contents": "sha256 of each item"
            if corpus.contents
            else "not stated: the digest vouches for the list alone",
            "source": os.path.relpath(inputs.disclosed.source, folder),
        },
        "registered": None if registered is None else registered.to_dict(),
        "params": params.to_dict(),
        "method": {"name": method.name, "settings": _plain(method.settings), "unit": method.unit},
        "outputs": digests_of(inputs.outputs, folder),
        "panel": digests_of(inputs.panel, folder),
        "held_out": digests_of(inputs.held_out, folder),
        "versions": _versions(),
    }
    files = {what: {name: each["sha256"] for name, each in facts[what].items()} for what in FILES}
    told = [facts["code_sha256"], [m.fingerprint for m in inputs.models], corpus.digest, facts["params"], files]
    facts["id"] = digest_of(told)[:16]
    return facts


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(dict(settings), default=dict))
    return found


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for name in ("torch", "numpy", "scipy"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def cited(path: Path, facts: Mapping[str, Any], *, required: bool) -> dict[str, Any] | None:
    """What a validation said, with its digest; None where there is none, or none of this run.

    With ``required``, InputError says what about it is another.
    """
    if not path.is_file():
        if required:
            raise InputError(f"{path} is not there; `versionmatch attribute validate --out FOLDER` makes it")
        return None
    found = read_json(path)
    differing = [name for name in ("code_sha256", "models", "corpus", "method") if not _same(found, facts, name)]
    if differing:
        if required:
            raise InputError(
                f"{path} is of another {' and '.join(differing)} than this run; validate again with the same --model, "
                f"--corpus and --method"
            )
        return None
    return {"usable": found["usable"], "sha256": sha256_of(path), "reasons": found["reasons"], "path": path.name}


def _same(found: Mapping[str, Any], facts: Mapping[str, Any], name: str) -> bool:
    if name == "models":
        return [m["weights_sha256"] for m in found["models"]] == [m["weights_sha256"] for m in facts["models"]]
    if name == "corpus":
        return bool(found["corpus"]["sha256"] == facts["corpus"]["sha256"])
    return bool(found[name] == facts[name])


def self_test(facts: Mapping[str, Any]) -> str:
    """``passed``, ``failed`` or ``none``, as the log of rights has it."""
    validation = facts["validation"]
    return "none" if validation is None else "passed" if validation["usable"] else "failed"


def royalty_rows(facts: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The rankings as ``royalty statement`` takes them: only what is ``ranked`` is ``supported``.

    Also what ``corpus`` logs of a run (``log_entry``). Items beyond ``top`` are not in it: their scores are small, and
    not zero.
    """
    lines = []
    for found in rows:
        verdict = "supported" if found["verdict"] == "ranked" else str(found["verdict"])
        for item in found["items"]:
            error = item["standard_error"] if item["standard_error"] is not None else item["spread"]
            row = {"output": found["query"], "item": item["item"], "score": repr(item["score"])}
            lines.append({**row, "stderr": repr(error or 0.0), "verdict": verdict, "draw": ""})
    entry = {
        "id": f"attribution-{facts['id']}",
        "kind": "attribution",
        "model": "" if facts["registered"] is None else facts["registered"]["model"],
        "params_sha256": digest_of(
            {"params": facts["params"], "method": facts["method"], "code": facts["code_sha256"]}
        ),
        "inputs_sha256": digest_of({n: facts[n] for n in ("models", "corpus", *FILES)}),
        "outputs_sha256": facts["results_sha256"],
        "self_test": self_test(facts),
    }
    return {"influence": {"run": entry["id"], "self_test": entry["self_test"], "rows": lines}, "log_entry": entry}


def table_rows(found: Sequence[Attributed], disclosed: Disclosed) -> list[dict[str, Any]]:
    """A row for each output and item of its ranking."""
    rows = []
    for each in found:
        result, names = each.result, list(each.likeness)
        ranks = dict(zip(names, rankdata(-np.array(list(each.likeness.values())), "min").tolist(), strict=True))
        for rank, item in enumerate(result.items, 1):
            row = {name: getattr(item, name) for name in OF_ITEM} | {name: getattr(result, name) for name in OF_RESULT}
            place, title = ranks.get(item.item), disclosed.facts.get(item.item, {}).get("title")
            row |= {"output": result.query, "rank": rank, "title": title}
            row |= {"likeness": each.likeness.get(item.item), "likeness_rank": None if place is None else int(place)}
            rows.append(row)
    return rows


def _comparable(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of results what must come out again: all but the names of pages."""
    found = []
    for row in rows:
        pairs = [{k: v for k, v in pair.items() if k != "page"} for pair in row["pairs"]]
        items = [{k: v for k, v in item.items() if k != "evidence"} for item in row["items"]]
        found.append({**row, "pairs": pairs, "items": items})
    return found


def _write(path: Path, document: Mapping[str, Any]) -> None:
    with write_atomically(path) as file:
        file.write((json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode())


def read_json(path: Path) -> dict[str, Any]:
    """A document of a run; InputError where it is not there, IntegrityError where it is damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}; name the folder of an attribution that is done"
        ) from error
    except ValueError as error:
        raise IntegrityError(f"{path} is damaged: {error}; attribute again") from error
    if not isinstance(found, dict):
        raise IntegrityError(f"{path} holds no JSON object; attribute again")
    return found


def opened(folder: Path) -> Done:
    """A run that is done, from its folder."""
    facts = read_json(folder / RUN)
    rows = tuple(read_json(folder / RESULTS).get("results", ()))
    if digest_of(_comparable(rows)) != facts.get("results_sha256"):
        raise IntegrityError(f"{folder / RESULTS} is not what the run wrote; restore a backup, or attribute again")
    return Done(folder, facts, rows, read_corpus(folder / CORPUS, check=False))


@dataclass(frozen=True, slots=True)
class Replayed:
    """Whether a run came out again; ``differing`` names what did not, ``largest`` the largest difference of a score."""

    identical: bool
    differing: tuple[str, ...]
    largest: float


def replay(folder: Path, *, models: tuple[str, ...] = (), tell: Tell = lambda _: None) -> Replayed:
    """Compute a run again from its files, without its cache, and compare every number.

    ``models`` name the models where they lie elsewhere than they did. IntegrityError where an input is another than it
    was, naming it.
    """
    done = opened(folder)
    facts = done.facts
    source = folder / facts["corpus"]["source"]
    paths = read_corpus(source, check=False).paths if source.is_file() else {}
    disclosed = Disclosed(done.disclosed.corpus, done.disclosed.facts, paths, str(source))
    names = models or tuple(m["name"] for m in facts["models"])
    params = AttributionParams.of(facts["params"])
    files = {what: tuple(str(folder / each["path"]) for each in facts[what].values()) for what in FILES}
    inputs = Inputs.open(names, disclosed, files["outputs"], files["panel"], files["held_out"])
    now = facts_of(inputs, params, folder)
    for what in FILES:
        changed = [n for n, told in facts[what].items() if now[what].get(n, {}).get("sha256") != told["sha256"]]
        if changed:
            raise IntegrityError(
                f"{folder / facts[what][changed[0]]['path']} is not the file that was attributed; restore it"
            )
    others = [name for name in ("models", "corpus", "code_sha256") if not _same(now, facts, name)]
    if "models" in others or "corpus" in others:
        raise IntegrityError(f"the {others[0]} of {folder} are others than when it was made; name them by --model")
    found = attributed(inputs, params, Cache(), tell=tell)
    rows = tuple(each.to_dict(full=params.full) for each in found)
    return _compared(done.rows, rows, "code" if "code_sha256" in others else "")


def _compared(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], code: str) -> Replayed:
    differing, largest = ([code] if code else []), 0.0
    for one, two in zip(_comparable(before), _comparable(after), strict=True):
        told = json.loads(json.dumps(two))
        differing += [f"{one['query']}: {name}" for name in one if name != "code_digest" and one[name] != told[name]]
        scores = {row["item"]: row["score"] for row in one["items"]}
        again = {row["item"]: row["score"] for row in told["items"]}
        largest = max([largest, *(abs(scores[i] - again[i]) for i in scores.keys() & again.keys())])
    return Replayed(not differing, tuple(differing), largest)
