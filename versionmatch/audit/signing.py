"""Ed25519 keys, by the library ``cryptography``; the only module beside the verifier that knows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import InputError, MissingExtra
from .note import Checkpoint, key_text


class SigningKey:
    """A private key that signs the checkpoints of one log."""

    def __init__(self, key: Any) -> None:
        self._key = key

    @classmethod
    def new(cls) -> SigningKey:
        """A key of 32 random bytes; MissingExtra where ``cryptography`` is not installed."""
        return cls(_ed25519().Ed25519PrivateKey.generate())

    @classmethod
    def of_seed(cls, seed: bytes) -> SigningKey:
        """The key of 32 given bytes."""
        return cls(_ed25519().Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def of_pem(cls, content: bytes, source: str = "the key") -> SigningKey:
        """The key in a PEM file without password; InputError where it is no Ed25519 key."""
        ed25519 = _ed25519()
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            key = load_pem_private_key(content, password=None)
        except (ValueError, TypeError) as error:
            raise InputError(f"{source} is no private key without password: {error}") from error
        if not isinstance(key, ed25519.Ed25519PrivateKey):
            raise InputError(
                f"{source} is no Ed25519 key; make one with `versionmatch audit checkpoint --new-key FILE`"
            )
        return cls(key)

    @classmethod
    def read(cls, path: Path) -> SigningKey:
        """The key in a file."""
        return cls.of_pem(path.read_bytes(), str(path))

    @property
    def pem(self) -> bytes:
        """The private key as PEM text; keep it away from the log that it signs."""
        from cryptography.hazmat.primitives import serialization as s

        content: bytes = self._key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
        return content

    @property
    def public(self) -> bytes:
        """The 32 bytes of the public key."""
        content: bytes = self._key.public_key().public_bytes_raw()
        return content

    def text(self, name: str) -> str:
        """The public key as text under a log's name."""
        return key_text(name, self.public)

    def note(self, checkpoint: Checkpoint) -> str:
        """The checkpoint, signed."""
        return checkpoint.signed(self._key.sign, self.public)


def _ed25519() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise MissingExtra("signing and checking checkpoints", extra="rights") from error
    return ed25519
