"""A LanceDB table behind the seam of ``VectorIndex``: for vectors that live in a lake of tables (extra ``[lancedb]``).

The table is compared with exactly, by LanceDB, in float32; what it proposes is compared again as everywhere here (see
``exact``). Changes reach the table at once and the index with ``save``: a sidecar names the table's folder, its version
and the sha256 of every file, all of which is verified by ``open``, which goes back to that version.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from ..errors import IndexMismatch, InputError, IntegrityError, MissingExtra, ParamsError
from ..files import write_atomically
from ..types.neighbours import Hits, Ids, IndexSpec
from . import layout
from .exact import ROOM, Found, Halves, likeness, rounded, turned

FORMAT = "versionmatch.lance/1"
TABLE, MORE, AT_ONCE = "vectors", 32, 1000
HINT = "latest_version_hint.json"
"""The one file of a table that is written over; it is made again, and not trusted."""


class LanceIndex:
    """Vectors of one model in one folder, kept by LanceDB; implements ``plugins.VectorIndex``.

    Every search compares everything: some 10 M numbers a millisecond. For one process at a time.

    Parameters
    ----------
    folder : path
    spec : IndexSpec
        Its ``mode`` is not looked at.

    Raises
    ------
    MissingExtra
        LanceDB is not installed.
    """

    name: ClassVar = "lancedb"

    def __init__(self, folder: str | os.PathLike[str], spec: IndexSpec) -> None:
        self.folder, self.spec = Path(folder), spec
        self._table: Any = None
        self._place = ""

    @classmethod
    def open(cls, folder: str | os.PathLike[str], *, model_id: str | None = None, model_digest: str = "") -> Self:
        """The index that is kept there, after every byte of it was verified; errors as ``FaissIndex.open``."""
        body = _sidecar(Path(folder))
        spec = IndexSpec.of(body["spec"])
        if model_id not in {None, spec.model_id}:
            raise IndexMismatch(os.fspath(folder), found=spec.model_id, wanted=str(model_id))
        if model_digest and spec.model_digest and model_digest != spec.model_digest:
            raise IndexMismatch(os.fspath(folder), found=spec.model_digest, wanted=model_digest)
        index = cls(folder, spec)
        index._place = str(body["place"])
        there = _digests(index.folder / index._place)
        for name, sha256 in body["files"].items():
            if there.get(name) != sha256:
                raise IntegrityError(f"{name} of the index in {folder} is not what was written; {layout.REMEDY}")
        for path in (index.folder / index._place).rglob(HINT):
            path.unlink()
        index._table = _connected(index.folder / index._place).open_table(TABLE)
        if index._table.version != body["version"]:
            index._table.restore(body["version"])
        return index

    def __len__(self) -> int:
        return 0 if self._table is None else int(self._table.count_rows())

    def add(self, vectors: npt.ArrayLike, ids: npt.ArrayLike) -> None:
        """As ``FaissIndex.add``."""
        halves, given = rounded(vectors, self.spec), np.asarray(ids).reshape(-1)
        self._check(halves, given)
        if self._table is None:
            self._create()
        if len(given):
            self._table.add(_arrow(given.astype(np.int64), halves))

    def remove(self, ids: npt.ArrayLike) -> int:
        """As ``FaissIndex.remove``."""
        given, found = np.unique(np.asarray(ids, dtype=np.int64)), 0
        for part in _parts(given) if len(self) else ():
            if n := int(self._table.count_rows(part)):
                self._table.delete(part)
                found += n
        return found

    def search(self, queries: npt.ArrayLike, k: int = 10) -> Hits:
        """As ``FaissIndex.search``."""
        if k < 1:
            raise ParamsError(f"k = {k}; it must be 1 or more")
        given = rounded(queries, self.spec, longest=ROOM)
        found = Found(len(given), k)
        for i, turns in enumerate(turned(given, self.spec) if len(self) else ()):
            ids, vectors = self._near(turns.astype(np.float32), k + MORE)
            found.fill(i, ids, *likeness(turns, vectors, self.spec))
        return found.hits()

    def compact(self) -> None:
        """Write the table again, in the order of the ids, and delete the one before with all its versions."""
        table = None if self._table is None else self._table.search().select(["id", "vector"]).to_arrow()
        before, self._table, self._place = self._place, None, ""
        self._create()
        if table is not None and table.num_rows:
            self._table.add(table.sort_by("id"))
        self.save()
        if before:
            shutil.rmtree(self.folder / before)

    def save(self) -> None:
        """Keep what was done since, by naming the table's version and all its files in the sidecar."""
        if self._table is None:
            self._create()
        files = _digests(self.folder / self._place)
        body = {"format": FORMAT, "spec": self.spec.to_dict(), "place": self._place, "ntotal": len(self)}
        body |= {"version": int(self._table.version), "files": files}
        text = json.dumps(body | {"digest": _digest(body)}, indent=1, sort_keys=True)
        with write_atomically(self.folder / layout.SIDECAR) as file:
            file.write(text.encode() + b"\n")

    def close(self) -> None:
        """Let go of the table."""
        self._table = None

    def _check(self, halves: Halves, ids: npt.NDArray[Any]) -> None:
        if len(ids) != len(halves) or (ids.size and ids.dtype.kind not in "iu"):
            raise InputError(f"{len(halves)} vectors need as many ids, whole numbers; got {len(ids)} of {ids.dtype}")
        unique, counts = np.unique(ids, return_counts=True)
        if len(unique) and (unique[0] < 0 or unique[-1] > np.iinfo(np.int64).max):
            raise InputError(f"ids are 0 to 2⁶³ - 1; got {unique[0]} to {unique[-1]}")
        if (counts > 1).any():
            raise InputError(f"id {unique[counts > 1][0]} is given twice; every vector needs an id of its own")
        for part in _parts(unique) if len(self) else ():
            if self._table.count_rows(part):
                known = self._table.search().where(part).select(["id"]).limit(1).to_arrow()["id"][0]
                raise InputError(f"id {known} is there already; remove it first")

    def _create(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._place = Path(tempfile.mkdtemp(dir=self.folder, prefix="table-")).name
        empty = _arrow(np.zeros(0, np.int64), np.zeros((0, self.spec.width), np.float16))
        self._table = _connected(self.folder / self._place).create_table(TABLE, empty)

    def _near(self, turns: npt.NDArray[np.float32], n: int) -> tuple[Ids, Halves]:
        """Rows near any turn of a query, each once."""
        metric = "dot" if self.spec.measure == "cosine" else "l2"
        query = self._table.search(list(turns) if len(turns) > 1 else turns[0], vector_column_name="vector")
        found = (
            query.distance_type(metric).bypass_vector_index().select(["id", "vector", "_distance"]).limit(n).to_arrow()
        )
        ids, first = np.unique(found["id"].to_numpy(), return_index=True)
        vectors = found["vector"].combine_chunks().flatten().to_numpy().reshape(-1, self.spec.width)
        return ids, vectors[first]


def _connected(folder: Path) -> Any:
    try:
        import lancedb
    except ImportError as error:
        raise MissingExtra("an index in LanceDB", extra="lancedb") from error
    return lancedb.connect(os.fspath(folder))


def _arrow(ids: Ids, halves: Halves) -> Any:
    import pyarrow as pa

    vectors = pa.FixedSizeListArray.from_arrays(pa.array(halves.reshape(-1)), halves.shape[1])
    return pa.table({"id": pa.array(ids, pa.int64()), "vector": vectors})


def _parts(ids: npt.NDArray[Any]) -> Iterator[str]:
    """Conditions on ids, some at a time."""
    for at in range(0, len(ids), AT_ONCE):
        yield f"id IN ({','.join(map(str, ids[at : at + AT_ONCE].tolist()))})"


def _digests(folder: Path) -> dict[str, str]:
    """The sha256 of every file below a folder that is not written over."""
    found = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name != HINT):
        with path.open("rb") as file:
            found[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _sidecar(folder: Path) -> dict[str, Any]:
    try:
        content = (folder / layout.SIDECAR).read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"there is no index in {folder}: no {layout.SIDECAR}; build it first") from error
    try:
        body: dict[str, Any] = json.loads(content)
        digest = body.pop("digest")
    except (ValueError, KeyError, AttributeError, RecursionError) as error:
        raise IntegrityError(f"{folder / layout.SIDECAR} is damaged ({error}); {layout.REMEDY}") from error
    if digest != _digest(body) or body.get("format") != FORMAT or not layout.NAME.fullmatch(body["place"]):
        raise IntegrityError(f"{folder / layout.SIDECAR} is not what was written; {layout.REMEDY}")
    return body
