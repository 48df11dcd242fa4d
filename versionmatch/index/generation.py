"""One state of an index: its rows, how they are searched, and how both are written and read again."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import numpy as np

from ..errors import IndexMismatch, InputError, IntegrityError, ParamsError
from ..types.neighbours import Ids, IndexSpec
from . import layout
from .drift import sample_of, some
from .exact import Halves
from .layout import Kept
from .rows import RowStore, mapped
from .stages import ListStage, SignStage, Stage, mode_for

MAX_ROWS = 1 << 40


@dataclass(slots=True)
class Generation:
    """Rows with the first stage of a search in those on disk; ``loss`` is what its codes lose of them.

    ``files`` and ``digest`` are those of the sidecar; without any before the first save.
    """

    spec: IndexSpec
    rows: RowStore
    mode: str = "exact"
    stage: Stage | None = None
    loss: float = 0.0
    files: dict[str, Kept] = field(default_factory=dict)
    digest: str = ""

    @classmethod
    def empty(cls, spec: IndexSpec) -> Self:
        """Of no rows, not on disk."""
        return cls(spec, RowStore(np.zeros((0, spec.width), np.float16), np.zeros(0, np.int64)))

    @property
    def factory(self) -> str:
        """FAISS's name of the first stage; ``Flat`` where everything is compared."""
        return "Flat" if self.stage is None else self.stage.factory

    @staticmethod
    def spooled(folder: Path, spec: IndexSpec, blocks: Iterable[tuple[Halves, Ids]]) -> RowStore:
        """Rows in the order they come in, in an unnamed file: to be ``written`` again in that of their ids."""
        folder.mkdir(parents=True, exist_ok=True)
        ids: list[Ids] = []
        with tempfile.TemporaryFile(dir=folder) as file:
            for vectors, its_ids in blocks:
                if len(vectors) != len(its_ids):
                    raise InputError(f"{len(vectors)} vectors need as many ids; got {len(its_ids)}")
                file.write(vectors.astype("<f2").tobytes())
                ids.append(its_ids)
            file.flush()
            all_ids = np.concatenate([np.zeros(0, np.int64), *ids])
            _check_unique(all_ids)
            return RowStore(mapped(file, "<f2", (len(all_ids), spec.width)), all_ids)

    def save(self, folder: Path) -> None:
        """Write what was added and removed, and let the sidecar name it."""
        files = {key: kept for key, kept in self.files.items() if key in {"vectors", "ids", "faiss"}}
        if not files:
            files = _base_files(folder, self.rows)
        self.rows.settle()
        if self.rows.n_added:
            files["added"] = layout.keep(folder, "added", "f16", [self.rows.added_vectors.astype("<f2")])
            files["added_ids"] = layout.keep(folder, "added", "i64", [self.rows.added_ids.astype("<i8")])
        if self.rows.removed.any():
            removed = np.asarray(self.rows.ids[self.rows.removed]).astype("<i8")
            files["removed"] = layout.keep(folder, "removed", "i64", [removed])
        self.files, self.digest = files, layout.commit(folder, self.facts(), files)

    def facts(self) -> dict[str, Any]:
        """What the sidecar says beside its files."""
        names = ("versionmatch", "faiss-cpu", "numpy")
        return {
            "spec": self.spec.to_dict(),
            "mode": self.mode,
            "factory": self.factory,
            "metric": "inner product" if self.spec.measure == "cosine" else "L2",
            "dim": self.spec.width,
            "ntotal": len(self.rows),
            "n_vectors": len(self.rows.ids),
            "n_added": self.rows.n_added,
            "n_removed": int(self.rows.removed.sum()),
            "ids_sha256": ids_digest(self.rows),
            "loss": self.loss,
            "versions": {name: version(name) for name in names},
        }

    def check_current(self, folder: Path) -> None:
        """InputError unless the index on disk is the one that this was read from or written to."""
        there = layout.read(folder)[2] if (folder / layout.SIDECAR).exists() else ""
        if there != self.digest:
            raise InputError(f"the index in {folder} was changed since it was opened; open it again and repeat")


def written(folder: Path, spec: IndexSpec, rows: RowStore) -> Generation:
    """The living rows on disk in the order of their ids, with a first stage trained on them, as the index."""
    order = rows.living()
    vectors = layout.keep(folder, "vectors", "f16", (block.astype("<f2") for block in rows.blocks(order)))
    ids = layout.keep(folder, "ids", "i64", _ids_in(rows, order))
    files = {"vectors": vectors, "ids": ids}
    base = _base(folder, files, len(order), spec)
    made = Generation(spec, base, mode_for(len(order), spec))
    made.stage = _stage(made.mode, base, spec)
    if made.stage is not None:
        made.loss = made.stage.loss(some(base.vectors, spec.seed))
        files["faiss"] = layout.keep(folder, "faiss", "index", [made.stage.to_bytes()])
    made.files, made.digest = files, layout.commit(folder, made.facts(), files)
    return made


def loaded(folder: Path, model_id: str | None, model_digest: str) -> Generation:
    """What the folder holds, verified; see ``FaissIndex.open``."""
    facts, files, digest = layout.read(folder)
    try:
        spec = IndexSpec.of(facts["spec"])
        counts = [facts[name] for name in ("n_vectors", "n_added", "n_removed", "ntotal")]
        mode, factory, loss = str(facts["mode"]), str(facts["factory"]), float(facts["loss"])
    except (ParamsError, KeyError, TypeError, ValueError) as error:
        raise _broken(folder, f"its description cannot be read ({error})") from error
    _check_model(folder, spec, model_id, model_digest)
    if not all(isinstance(count, int) and 0 <= count < MAX_ROWS for count in counts):
        raise _broken(folder, f"it holds impossible numbers of vectors {counts}")
    _check_files(folder, files, counts, mode, factory, spec)
    rows = _base(folder, files, counts[0], spec)
    _restore(folder, files, counts, rows, spec)
    if len(rows) != counts[3] or ids_digest(rows) != facts["ids_sha256"] or (np.diff(rows.ids) <= 0).any():
        raise _broken(folder, "its ids are not those that were written")
    made = Generation(spec, rows, mode, None, loss, files, digest)
    if mode != "exact":
        with layout.verified(folder, files["faiss"]) as file:
            content = file.read(files["faiss"].size + 1)
        if hashlib.sha256(content).hexdigest() != files["faiss"].sha256:
            raise _broken(folder, "its codes changed while they were read")
        n = counts[0]
        made.stage = ListStage.of(content, n, factory, spec) if mode == "fast" else SignStage.of(content, n, spec)
    return made


def ids_digest(rows: RowStore) -> str:
    """The sha256 of the living ids, ascending."""
    order = rows.living()
    sha256 = hashlib.sha256()
    for part in _ids_in(rows, order):
        sha256.update(part)
    return sha256.hexdigest()


def _ids_in(rows: RowStore, order: np.ndarray[Any, np.dtype[np.int64]]) -> Iterator[Any]:
    for at in range(0, len(order), 1 << 20):
        yield rows.take_ids(order[at : at + (1 << 20)]).astype("<i8")


def _base_files(folder: Path, rows: RowStore) -> dict[str, Kept]:
    return {
        "vectors": layout.keep(folder, "vectors", "f16", [rows.vectors.astype("<f2")]),
        "ids": layout.keep(folder, "ids", "i64", [rows.ids.astype("<i8")]),
    }


def _stage(mode: str, base: RowStore, spec: IndexSpec) -> Stage | None:
    every, n = np.arange(len(base.ids)), len(base.ids)
    if mode == "fast":
        return ListStage.build(n, base.blocks(every), lambda m: base.take(sample_of(n, m, spec.seed))[1], spec)
    return SignStage.build(n, lambda: base.blocks(every), spec) if mode == "no-miss" else None


def _base(folder: Path, files: dict[str, Kept], n: int, spec: IndexSpec) -> RowStore:
    with layout.verified(folder, files["vectors"]) as vectors, layout.verified(folder, files["ids"]) as ids:
        return RowStore(mapped(vectors, "<f2", (n, spec.width)), mapped(ids, "<i8", (n,)))


def _restore(folder: Path, files: dict[str, Kept], counts: list[int], rows: RowStore, spec: IndexSpec) -> None:
    """Remove and add what was removed and added before."""
    if counts[2]:
        with layout.verified(folder, files["removed"]) as file:
            removed = np.frombuffer(file.read(), "<i8").astype(np.int64)
        if rows.remove(removed) != counts[2]:
            raise _broken(folder, "what was removed was not there")
    if counts[1]:
        with layout.verified(folder, files["added"]) as file, layout.verified(folder, files["added_ids"]) as ids:
            vectors = np.frombuffer(file.read(), "<f2").reshape(counts[1], spec.width).astype(np.float16)
            try:
                rows.add(np.frombuffer(ids.read(), "<i8").astype(np.int64), vectors)
            except InputError as error:
                raise _broken(folder, f"what was added cannot be: {error}") from error


def _check_files(
    folder: Path, files: dict[str, Kept], counts: list[int], mode: str, factory: str, spec: IndexSpec
) -> None:
    """IntegrityError unless there are the files there must be, of the sizes they must have."""
    n, n_added, n_removed, _ = counts
    sizes = {"vectors": 2 * n * spec.width, "ids": 8 * n}
    if n_added:
        sizes |= {"added": 2 * n_added * spec.width, "added_ids": 8 * n_added}
    if n_removed:
        sizes |= {"removed": 8 * n_removed}
    wanted = set(sizes) | (set() if mode == "exact" else {"faiss"})
    if set(files) != wanted or mode not in {"exact", "fast", "no-miss"} or (mode == "exact") != (factory == "Flat"):
        raise _broken(folder, f"a {mode} index must have the files {', '.join(sorted(wanted))}")
    for key, size in sizes.items():
        if files[key].size != size:
            raise _broken(folder, f"the file {key} must have {size} bytes, not {files[key].size}")
    if "faiss" in files and not 0 < files["faiss"].size <= 64 * 1024 * spec.width + n * (spec.width + 1024):
        raise _broken(folder, f"its codes have {files['faiss'].size} bytes")


def _check_model(folder: Path, spec: IndexSpec, model_id: str | None, model_digest: str) -> None:
    if model_id is not None and model_id != spec.model_id:
        raise IndexMismatch(os.fspath(folder), found=spec.model_id, wanted=model_id)
    if model_digest and spec.model_digest and model_digest != spec.model_digest:
        found, wanted = (f"{spec.model_id}, weights {d[:12]}…" for d in (spec.model_digest, model_digest))
        raise IndexMismatch(os.fspath(folder), found=found, wanted=wanted)


def _check_unique(ids: Ids) -> None:
    unique, counts = np.unique(ids, return_counts=True)
    if (counts > 1).any():
        raise InputError(f"id {unique[counts > 1][0]} is given twice; every vector needs an id of its own")
    if len(ids) and unique[0] < 0:
        raise InputError(f"id {unique[0]} is negative; ids are 0 to 2⁶³ - 1")


def _broken(folder: Path, what: str) -> IntegrityError:
    return IntegrityError(f"the index in {folder} is damaged: {what}; {layout.REMEDY}")
