"""An index on disk: files named by their content, and ``index.json``, which says which of them are the index.

::

    <root>/index/<model-id>/<partition>/index.json
                                        vectors-<sha256>.f16     rows of float16, in the order of their ids
                                        ids-<sha256>.i64         int64, ascending
                                        faiss-<sha256>.index     the coarse codes; not where everything is compared
                                        added-<sha256>.f16       what was added since, and its ids
                                        added-<sha256>.i64
                                        removed-<sha256>.i64     ids that were removed since

Replacing ``index.json`` is what makes a change happen: before, all other files are written, synced and named; after,
what it no longer names is deleted. Numbers are little-endian. Everything can be made again from the features.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from ..errors import InputError, IntegrityError
from ..files import sync_folder, write_atomically

FORMAT = "versionmatch.index/1"
SIDECAR = "index.json"
MAX_SIDECAR = 1 << 20
CONTENT = re.compile(r"(faiss|vectors|ids|added|removed)-[0-9a-f]{32}\.(index|f16|i64)")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
REMEDY = "it is a cache: delete the folder and build the index again"


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of the index: its name, how many bytes it has and their sha256."""

    name: str
    size: int
    sha256: str


def folder_of(root: Path, model_id: str, partition: str = "all") -> Path:
    """Where the index of a model's vectors in a partition lies; InputError where a name could lead elsewhere."""
    for what, part in (("model id", model_id), ("partition", partition)):
        if not NAME.fullmatch(part):
            raise InputError(f"the {what} {part!r} cannot name a folder; use letters, digits, '.', '_' and '-'")
    return root / "index" / model_id / partition


def keep(folder: Path, stem: str, suffix: str, parts: Iterable[Any]) -> Kept:
    """Write a file that is named by its content; it is on the disk under that name when this returns."""
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{stem}-", suffix=".part")
    sha256, size = hashlib.sha256(), 0
    try:
        with os.fdopen(handle, "wb") as file:
            for part in parts:
                view = memoryview(part if len(part) else b"").cast("B")
                file.write(view)
                sha256.update(view)
                size += view.nbytes
            file.flush()
            os.fsync(file.fileno())
        name = f"{stem}-{sha256.hexdigest()[:32]}.{suffix}"
        Path(temporary).chmod(0o644)
        os.replace(temporary, folder / name)
        sync_folder(folder)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    return Kept(name, size, sha256.hexdigest())


def verified(folder: Path, kept: Kept) -> IO[bytes]:
    """The file, opened, at its start; IntegrityError unless it has the bytes that it had when it was written."""
    path = folder / kept.name
    try:
        file = path.open("rb")
    except OSError as error:
        raise IntegrityError(f"{path} cannot be read ({error.strerror}); {REMEDY}") from error
    size = os.fstat(file.fileno()).st_size
    found = hashlib.file_digest(file, "sha256").hexdigest() if size == kept.size else "none"
    if found != kept.sha256:
        file.close()
        raise IntegrityError(
            f"{path} has {size} bytes with sha256 {found[:12]}…, not the {kept.size} with {kept.sha256[:12]}… that "
            f"were written; {REMEDY}"
        )
    file.seek(0)
    return file


def commit(folder: Path, facts: Mapping[str, Any], files: Mapping[str, Kept]) -> str:
    """Make these files the index, at once, and delete what it no longer needs. Returns the sidecar's digest."""
    body: dict[str, Any] = {"format": FORMAT, **facts, "files": {key: asdict(kept) for key, kept in files.items()}}
    digest = _digest(body)
    text = json.dumps(body | {"digest": digest}, indent=1, sort_keys=True, ensure_ascii=False)
    with write_atomically(folder / SIDECAR) as file:
        file.write(text.encode() + b"\n")
    sweep(folder, {kept.name for kept in files.values()})
    return digest


def read(folder: Path) -> tuple[dict[str, Any], dict[str, Kept], str]:
    """The sidecar's facts, the files it names and its digest.

    InputError where there is none; IntegrityError where it is not what was written.
    """
    path = folder / SIDECAR
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SIDECAR + 1)
    except FileNotFoundError as error:
        raise InputError(f"there is no index in {folder}: no {SIDECAR}; build it first") from error
    if len(content) > MAX_SIDECAR:
        raise IntegrityError(f"{path} has more than {MAX_SIDECAR} bytes; {REMEDY}")
    try:
        body = json.loads(content)
        digest = body.pop("digest")
        files = {key: Kept(**values) for key, values in body["files"].items()}
        right = digest == _digest(body) and all(CONTENT.fullmatch(kept.name) for kept in files.values())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise IntegrityError(f"{path} is damaged ({type(error).__name__}: {error}); {REMEDY}") from error
    if not right or body["format"] != FORMAT:
        raise IntegrityError(f"{path} is not what was written, or not in the format {FORMAT}; {REMEDY}")
    return body, files, digest


def sweep(folder: Path, names: set[str]) -> None:
    """Delete files of an index that are not among the names, and what unfinished writes left."""
    for path in folder.iterdir():
        ours = CONTENT.fullmatch(path.name) or (path.name.startswith(".") and path.name.endswith(".part"))
        if ours and path.name not in names:
            with suppress(FileNotFoundError, PermissionError):  # Windows keeps what someone reads; swept the next time
                path.unlink()
    sync_folder(folder)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """No other process writes this index meanwhile, where the system can lock files; readers are not held up."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("ab") as file:
        if os.name != "nt":
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
