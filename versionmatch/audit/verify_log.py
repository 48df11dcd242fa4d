"""Check a log of rights without the program that wrote it; needs Python's standard library and ``cryptography``.

    python verify_log.py FOLDER [--key "NAME+HASH+KEY"] [--older CHECKPOINT] [--against REPORT] [--proof FILE]

FOLDER holds ``log.jsonl`` (one entry a line), ``checkpoints/*.txt`` (signed sizes and roots) and, unless the key is
given, ``log.vkey`` (the public key; compare it with one that you got in another way). ``--older`` is a checkpoint that
you kept, ``--against`` a report or a statement in whose foot one is printed: both must be a beginning of this log.

Exit codes: 0 all is as it was signed; 5 something is not, and the entry is named; 2 the command cannot be understood.

What it shows: that no entry was changed, taken out, moved or put in since the checkpoint was signed. What it does not
show: that what was entered is true, or that there was no other log.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import html
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KEYS = ["actor", "body", "prev", "seq", "time", "type"]
START = "0" * 64
EMPTY = hashlib.sha256(b"").digest()


class Tampered(Exception):
    """Something is not what was written; ``entry`` is its number, or None where a checkpoint is meant."""

    def __init__(self, entry: int | None, about: str) -> None:
        self.entry = entry
        super().__init__(about if entry is None else f"entry {entry}: {about}")


@dataclass(frozen=True)
class Note:
    """A signed checkpoint."""

    source: str
    origin: str
    size: int
    root: bytes


@dataclass(frozen=True)
class Verified:
    """What holds: how many entries, how many of them are signed, and the root over those."""

    entries: int
    signed: int
    root: bytes
    checkpoints: int


class Tree:
    """The Merkle tree of RFC 6962, growing."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, line: bytes) -> None:
        """One more entry."""
        node, position = hashlib.sha256(b"\x00" + line).digest(), self.size
        while position & 1:
            node = hashlib.sha256(b"\x01" + self._peaks.pop() + node).digest()
            position >>= 1
        self._peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The root over all so far."""
        if not self._peaks:
            return EMPTY
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = hashlib.sha256(b"\x01" + peak + node).digest()
        return node


def public_key(text: str) -> tuple[str, bytes, Any]:
    """Name, hash and key of a line ``name+hash+key``."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    name, _, rest = text.strip().partition("+")
    stated, _, encoded = rest.partition("+")
    try:
        raw = base64.b64decode(encoded, validate=True)
        key = Ed25519PublicKey.from_public_bytes(raw[1:])
    except ValueError as error:
        raise Tampered(None, f"the public key cannot be used: {error}") from error
    mark = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    if raw[:1] != b"\x01" or mark.hex() != stated:
        raise Tampered(None, "the public key cannot be used: its hash does not belong to it")
    return name, mark, key


def read_note(note: bytes, source: str, key: tuple[str, bytes, Any]) -> Note:
    """A checkpoint whose signature holds; Tampered where it does not."""
    from cryptography.exceptions import InvalidSignature

    try:
        text, _, signatures = note.decode().partition("\n\n")
        origin, size, root = text.split("\n")
        found = Note(source, origin, int(size), base64.b64decode(root, validate=True))
        dash, name, encoded = signatures.removesuffix("\n").split(" ")
        signature = base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise Tampered(None, f"checkpoint {source}: it cannot be read: {error}") from error
    # base64 has several spellings of the same bytes: only the one that was written is taken
    again = [origin, str(found.size), base64.b64encode(found.root).decode(), ""]
    again.append(f"{dash} {name} {base64.b64encode(signature).decode()}\n")
    if "\n".join(again).encode() != note or dash != "\u2014":
        raise Tampered(None, f"checkpoint {source}: it is not spelt as it was written")
    if origin != key[0] or name != key[0] or signature[:4] != key[1]:
        raise Tampered(None, f"checkpoint {source}: it is not signed by the key of {key[0]}")
    try:
        key[2].verify(signature[4:], f"{text}\n".encode())
    except InvalidSignature as error:
        raise Tampered(None, f"checkpoint {source}: its signature does not hold") from error
    return found


def verify(log: bytes, notes: list[Note]) -> Verified:
    """Check a log's bytes against its checkpoints; Tampered names the first entry that is not what was written."""
    lines = log.split(b"\n")
    torn = lines.pop()
    entries = [_entry(number, line) for number, line in enumerate(lines)]
    if torn:
        raise Tampered(len(lines), "its line is cut off, or was added without an end")
    roots = _roots(lines, notes)
    _chain(lines, entries, notes, roots)
    before = ""
    for number, entry in enumerate(entries):
        if entry["time"] < before:
            raise Tampered(number, f"its time {entry['time']} is before that of the entry before, {before}")
        before = entry["time"]
    good = 0
    for note in sorted(notes, key=lambda n: n.size):
        if note.size > len(lines):
            raise Tampered(len(lines), f"it is missing: checkpoint {note.source} was signed over {note.size} entries")
        if roots[note.size] != note.root:
            last = note.size - 1
            where = f"it, or another from {good} on, is not what checkpoint {note.source} was signed over"
            raise Tampered(last, where if good < last else f"it is not what checkpoint {note.source} was signed over")
        good = note.size
    return Verified(len(lines), good, roots[good], len(notes))


def _entry(number: int, line: bytes) -> dict[str, Any]:
    """An entry as it was parsed."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Tampered(number, f"it cannot be read: {error}") from error
    if not isinstance(entry, dict) or sorted(entry) != KEYS or not isinstance(entry["body"], dict):
        raise Tampered(number, "it does not have the fields of an entry")
    for name in ("actor", "prev", "time", "type"):
        if not isinstance(entry[name], str):
            raise Tampered(number, f"its {name} is no text")
    if entry["seq"] != number or isinstance(entry["seq"], (bool, float)):
        raise Tampered(number, f"it is missing, or was moved: in its place stands one that calls itself {entry['seq']}")
    return entry


def _roots(lines: list[bytes], notes: list[Note]) -> dict[int, bytes]:
    """The root at each checkpoint's size, and at none."""
    wanted, tree = {note.size for note in notes}, Tree()
    roots = {0: EMPTY}
    for line in lines:
        tree.add(line)
        if tree.size in wanted:
            roots[tree.size] = tree.root()
    return roots


def _chain(lines: list[bytes], entries: list[dict[str, Any]], notes: list[Note], roots: dict[int, bytes]) -> None:
    """Each entry names the one before by its hash; where that does not hold, one of the two was changed: which?"""
    before = START
    hashes = [hashlib.sha256(line).hexdigest() for line in lines]
    for number, entry in enumerate(entries):
        if entry["prev"] != before:
            itself = number == 0
            if not itself and number + 1 < len(entries):
                itself = entries[number + 1]["prev"] != hashes[number]
            elif not itself:
                itself = _mends(lines, before, notes)
            if itself:
                raise Tampered(number, "it is not what was written: it does not follow from the entry before")
            raise Tampered(number - 1, f"it is not what entry {number} was written after")
        before = hashes[number]


def _mends(lines: list[bytes], before: str, notes: list[Note]) -> bool:
    """Whether the last entry, made to name the one before rightly, is what was signed."""
    entry = json.loads(lines[-1])
    right = lines[-1].replace(entry["prev"].encode(), before.encode(), 1)
    signed = {note.size: note.root for note in notes}
    return _roots([*lines[:-1], right], notes).get(len(lines)) == signed.get(len(lines), b"")


def check_proof(content: bytes, key: tuple[str, bytes, Any]) -> str:
    """What a proof shows, in words, without the log itself; Tampered where it shows nothing."""
    try:
        proof = json.loads(content)
        path = [bytes.fromhex(node) for node in proof["path"]]
        if proof["kind"] == "inclusion":
            note = read_note(proof["checkpoint"].encode(), "in the proof", key)
            line, index = proof["entry"].encode(), int(proof["index"])
            leaf = hashlib.sha256(b"\x00" + line).digest()
            if json.loads(line)["seq"] != index or _climbed(leaf, index, note.size, path) != note.root:
                raise Tampered(index, "the proof does not show that it is in the log that was signed")
            return f"entry {index} is in the log of {note.size} entries that was signed"
        older, newer = (read_note(proof[name].encode(), f"{name} in the proof", key) for name in ("older", "newer"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Tampered(None, f"the proof cannot be read: {error}") from error
    if not _grew(older, newer, path):
        raise Tampered(None, f"the log of {newer.size} entries does not begin with the one of {older.size}")
    return f"the log of {newer.size} entries begins with the one of {older.size}"


def _climbed(node: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root to which a leaf's path leads; nothing where it is too long or too short."""
    last = size - 1
    for step in path:
        if last == 0:
            return b""
        if index & 1 or index == last:
            node = hashlib.sha256(b"\x01" + step + node).digest()
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\x01" + node + step).digest()
        index, last = index >> 1, last >> 1
    return node if last == 0 and size > 0 else b""


def _grew(older: Note, newer: Note, path: list[bytes]) -> bool:
    if older.size in {0, newer.size}:
        return not path and older.root == (newer.root if older.size else EMPTY)
    index, last = older.size - 1, newer.size - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    nodes = [older.root, *path] if older.size & (older.size - 1) == 0 else path
    if not 0 < older.size < newer.size or not nodes:
        return False
    old = new = nodes[0]
    for step in nodes[1:]:
        if last == 0:
            return False
        if index & 1 or index == last:
            old, new = hashlib.sha256(b"\x01" + step + old).digest(), hashlib.sha256(b"\x01" + step + new).digest()
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            new = hashlib.sha256(b"\x01" + new + step).digest()
        index, last = index >> 1, last >> 1
    return last == 0 and old == older.root and new == newer.root


def printed(page: str) -> list[tuple[str, int, bytes]]:
    """The checkpoints printed in a page: name, size and root."""
    plain = html.unescape(re.sub(r"<[^>]*>", "", page))
    found = re.findall(r"checkpoint:? ([^\s+]+) (\d+) ([A-Za-z0-9+/]{43}=)", plain)
    return [(name, int(size), base64.b64decode(root)) for name, size, root in found]


def check(folder: Path, key: str = "", older: Path | None = None, against: Path | None = None) -> Verified:
    """Check a folder; Tampered says what is not as it was signed."""
    own = public_key(key or (folder / "log.vkey").read_text(encoding="utf-8"))
    notes = [read_note(p.read_bytes(), p.name, own) for p in sorted((folder / "checkpoints").glob("*.txt"))]
    if older is not None:
        notes.append(read_note(older.read_bytes(), str(older), own))
    if against is not None:
        found = printed(against.read_text(encoding="utf-8"))
        if not found:
            raise Tampered(None, f"no checkpoint is printed in {against}")
        notes += [Note(str(against), *each) for each in found]
        if any(note.origin != own[0] for note in notes):
            raise Tampered(None, f"{against} tells of another log than {own[0]}")
    if not notes:
        raise Tampered(None, f"{folder} holds no checkpoint: nothing in it is signed")
    return verify((folder / "log.jsonl").read_bytes(), notes)


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Check a log of rights.", epilog=(__doc__ or "").split("\n\n")[-1])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--key", default="", help="the public key, as NAME+HASH+KEY (default: log.vkey in the folder)")
    parser.add_argument("--older", type=Path, help="a signed checkpoint that you kept")
    parser.add_argument("--against", type=Path, help="a report in whose foot a checkpoint is printed")
    parser.add_argument("--proof", type=Path, help="check this proof by the key alone, not the folder's log")
    options = parser.parse_args(arguments)
    try:
        if options.proof is not None:
            own = public_key(options.key or (options.folder / "log.vkey").read_text(encoding="utf-8"))
            sys.stdout.write(f"{check_proof(options.proof.read_bytes(), own)}\n")
            return 0
        found = check(options.folder, options.key, options.older, options.against)
    except Tampered as error:
        sys.stderr.write(f"NOT WHAT WAS WRITTEN: {error}\n")
        return 5
    except FileNotFoundError as error:
        sys.stderr.write(f"NOT WHAT WAS WRITTEN: {error.filename} is missing\n")
        return 5
    except ImportError:
        sys.stderr.write("signatures need the package cryptography: pip install cryptography\n")
        return 2
    root = base64.b64encode(found.root).decode()
    sys.stdout.write(f"{found.entries} entries, {found.signed} of them signed, {found.checkpoints} checkpoints hold\n")
    sys.stdout.write(f"root {root}\n")
    if found.signed < found.entries:
        sys.stdout.write(f"{found.entries - found.signed} entries after the last checkpoint are not signed yet\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
