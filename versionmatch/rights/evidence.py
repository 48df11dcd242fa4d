"""What is handed to whoever checks: proofs of single entries, and a bundle with all that is needed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..audit import verify_log
from ..audit.canonical import canonical
from ..audit.merkle import consistency_proof, inclusion_proof
from ..audit.note import Checkpoint
from ..errors import InputError
from ..store import rights_log
from .book import MANIFESTS, Book

FORMAT = "versionmatch.proof/1"
EPOCH = (1980, 1, 1, 0, 0, 0)
README = """\
This bundle holds the log of rights "{origin}", signed over {size} entries.

To check it, with Python 3.11 or newer and the package `cryptography`:

    python verify_log.py .

Exit code 0: every entry is what was signed. Exit code 5: one is not, and it is named.

  log.jsonl        the entries, one a line: who entered what, when, and the hash of the entry before
  checkpoints/     the sizes and roots that were signed
  log.vkey         the public key. Compare it with one that you got from its owner in another way.
  manifests/       the frozen corpora, each named by its root
  proofs/          shows of single entries that they are under the newest checkpoint:
                   python verify_log.py . --proof proofs/NAME.json
  verify_log.py    the verifier: one file that you can read, independent of the program that wrote the log

What this shows: that nothing was changed, taken out, moved or put in since it was signed. What it does not show: that
what was entered is true. A grant is somebody's word, with the sha256 of its terms where there are any. Names of people
are not in the log; a party's digest can be checked only with the name and the salt that its owner keeps.
"""


def proof_of(book: Book, seq: int) -> dict[str, Any]:
    """What shows that an entry is under the newest signed checkpoint; InputError where it is not signed yet."""
    note = book.log.note()
    size = Checkpoint.of(note).size
    if not 0 <= seq < size:
        raise InputError(f"entry {seq} is not under the newest checkpoint, of {size} entries; sign a new one")
    line = next(e.line for e in book.log.entries(seq + 1) if e.seq == seq)
    path = inclusion_proof(book.log.leaves[:size], seq)
    shown = {"entry": line.decode(), "index": seq, "checkpoint": note, "path": [node.hex() for node in path]}
    return {"format": FORMAT, "kind": "inclusion", **shown}


def growth_of(book: Book, older: int, newer: int) -> dict[str, Any]:
    """What shows that the log under one signed checkpoint is the beginning of that under a later one."""
    notes = book.log.note(older), book.log.note(newer)
    path = consistency_proof(book.log.leaves[:newer], older)
    shown = {"older": notes[0], "newer": notes[1], "path": [node.hex() for node in path]}
    return {"format": FORMAT, "kind": "consistency", **shown}


def bundle(book: Book, entries: Iterable[int] = ()) -> bytes:
    """A zip file for an auditor; the same log gives the same bytes."""
    files = {"verify_log.py": Path(verify_log.__file__).read_bytes()}
    checkpoint = Checkpoint.of(book.log.note())
    files["README.txt"] = README.format(origin=checkpoint.origin, size=checkpoint.size).encode()
    for name in (rights_log.NAME, rights_log.KEY):
        files[name] = (book.root / name).read_bytes()
    for folder in (rights_log.CHECKPOINTS, MANIFESTS):
        for path in sorted((book.root / folder).glob("*.*")):
            if path.suffix in {".txt", ".json"}:
                files[f"{folder}/{path.name}"] = path.read_bytes()
    for seq in sorted(set(entries)):
        files[f"proofs/entry-{seq:09d}.json"] = canonical(proof_of(book, seq))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in sorted(files.items()):
            packed.writestr(zipfile.ZipInfo(name, EPOCH), data, zipfile.ZIP_DEFLATED)
    return content.getvalue()
