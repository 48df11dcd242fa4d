"""Checkpoints: the size and the root of a log, signed, as text that can be printed and compared.

The text is that of C2SP's ``tlog-checkpoint`` in a ``signed-note``::

    example.org/rights
    42
    Zm9v…=

    — example.org/rights 1a2b3c4d…=

The key's own text is ``name+hash+key``: the name, the first 4 bytes of sha256(name, newline, 1, key) in hexadecimal,
and 1 and the key in base64.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import InputError, IntegrityError

ED25519 = b"\x01"
NAME = re.compile(r"[^\s+\x00-\x1f]+")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's name, how many entries it had, and their root."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.origin):
            raise InputError(f"the log's name {self.origin!r} holds blanks or '+', or is empty; choose another")
        if self.size < 0 or len(self.root) != 32:
            raise InputError(f"a checkpoint needs a size of 0 or more and a root of 32 bytes; got {self.size}")

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @property
    def short(self) -> str:
        """One line for the foot of a page: name, size and root."""
        return f"{self.origin} {self.size} {base64.b64encode(self.root).decode()}"

    def signed(self, sign: Callable[[bytes], bytes], public_key: bytes) -> str:
        """The note: the text, and the signature over it."""
        signature = key_hash(self.origin, public_key) + sign(self.text.encode())
        return f"{self.text}\n— {self.origin} {base64.b64encode(signature).decode()}\n"

    @classmethod
    def of(cls, note: str) -> Checkpoint:
        """What a note says, its signature unchecked; IntegrityError where it is no checkpoint."""
        text, blank, _ = note.partition("\n\n")
        lines = text.split("\n")
        if not blank or len(lines) < 3:
            raise IntegrityError("a checkpoint cannot be read: its lines are not those of a checkpoint")
        try:
            return cls(lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True))
        except ValueError as error:
            raise IntegrityError(f"a checkpoint cannot be read: {error}") from error


def key_hash(name: str, public_key: bytes) -> bytes:
    """The 4 bytes by which a signature says whose key made it."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public_key).digest()[:4]


def key_text(name: str, public_key: bytes) -> str:
    """The public key as one line of text, to be given to whoever checks."""
    encoded = base64.b64encode(ED25519 + public_key).decode()
    return f"{name}+{key_hash(name, public_key).hex()}+{encoded}"
