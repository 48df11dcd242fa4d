"""What a file's own credential says of training and mining (C2PA, CAWG): read as a signal, written as an assertion.

A credential is somebody's word, signed by a key that may be anybody's: it can reserve, and never grants. A file without
one says nothing.

References
----------
.. [1] C2PA, "Content Credentials: Technical Specification", 2.1, 2024.
.. [2] CAWG, "Training and Data Mining Assertion", 1.1, 2025.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import InputError, IntegrityError, MissingExtra
from .allowed import allowed
from .odrl import Fact
from .state import State

LABELS = ("cawg.training-mining", "c2pa.training-mining")
"""The assertion, and the name that it had before."""
USES = ("ai_training", "ai_generative_training", "data_mining", "ai_inference")
TRAINING = USES[:3]
ALLOWED, NOT_ALLOWED, CONSTRAINED = "allowed", "notAllowed", "constrained"
TYPES = {
    ".wav": "audio/wav", ".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".flac": "audio/flac", ".jpg": "image/jpeg",
    ".png": "image/png", ".pdf": "application/pdf",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Credential:
    """What a file's credential says: each use → ``allowed``, ``notAllowed`` or ``constrained``; and what it is worth.

    ``trusted`` is False where the signer is on no list of trust, which is usual; ``problems`` are the checker's own
    words, such as ``signingCredential.untrusted``.
    """

    uses: Mapping[str, str]
    signer: str
    trusted: bool
    problems: tuple[str, ...]

    @property
    def reserves(self) -> bool:
        """Whether it reserves training or mining: anything but a plain permission counts as that."""
        return any(self.uses.get(use, ALLOWED) != ALLOWED for use in TRAINING)


def assertion_of(state: State, asset: str, at: str, *, model_version: str = "", territory: str = "") -> dict[str, Any]:
    """The ``cawg.training-mining`` assertion of an asset: what is not granted is not allowed, what is granted to one
    operator is ``constrained``, as it is no permission to everybody.

    Parameters
    ----------
    state, asset, at, model_version, territory
        As for ``allowed``.
    """
    entries: dict[str, dict[str, str]] = {}
    for use, scope in zip(USES, ("train", "train", "index", "compare"), strict=True):
        found = allowed(state, asset, scope, at, model_version=model_version, territory=territory)
        entry = {"use": CONSTRAINED if found else NOT_ALLOWED}
        if found:
            entry["constraint_info"] = f"granted to licensees only, by {', '.join(found.grants)} of {state.origin}"
        entries[f"cawg.{use}"] = entry
    return {"label": LABELS[0], "data": {"entries": entries}}


def uses_of(assertions: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Use → what is said of it, of a credential's assertions; InputError where an entry cannot be understood.

    >>> uses_of([{"label": "cawg.training-mining", "data": {"entries": {"cawg.ai_training": {"use": "notAllowed"}}}}])
    {'ai_training': 'notAllowed'}
    """
    found: dict[str, str] = {}
    for each in assertions:
        if str(each.get("label", "")).partition("__")[0] not in LABELS:
            continue
        try:
            for name, entry in each["data"]["entries"].items():
                use = str(entry["use"])
                if use not in {ALLOWED, NOT_ALLOWED, CONSTRAINED}:
                    raise InputError(f"a credential says {use!r} of {name}; it can be allowed, notAllowed, constrained")
                found[str(name).partition(".")[2] or str(name)] = use
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(f"a credential's assertion on training and mining cannot be read: {error!r}") from error
    return found


def reservation_of(credential: Credential, kind: str, name: str) -> Fact | None:
    """The entry that a credential gives cause for, a reservation of text and data mining; None where there is none."""
    if not credential.reserves:
        return None
    said = ", ".join(f"{use} {credential.uses[use]}" for use in USES if use in credential.uses)
    policy = f"C2PA credential: {said}; signer {credential.signer or 'not named'}"
    return "reservation", {"subject": {"kind": kind, "id": name}, "reserved": 1, "policy": policy}


def read(path: Path) -> Credential | None:
    """What the credential in a file says; None where it has none.

    Raises
    ------
    IntegrityError
        The file is not what was signed.
    MissingExtra
        c2pa-python is not installed.
    """
    library, kind = _library(), _type(path)
    try:
        with path.open("rb") as file, library.Reader(kind, file) as reader:
            found: dict[str, Any] = json.loads(reader.json())
    except library.C2paError as error:
        if "ManifestNotFound" in type(error).__name__ or "ManifestNotFound" in str(error) or "no JUMBF" in str(error):
            return None
        raise IntegrityError(f"{path}: its credential cannot be read: {error}") from error
    problems = tuple(str(each.get("code", "")) for each in found.get("validation_status", ()))
    broken = [code for code in problems if "mismatch" in code or "invalid" in code.lower()]
    if broken:
        raise IntegrityError(f"{path} is not what its credential was signed over: {', '.join(broken)}")
    manifest = found["manifests"][found["active_manifest"]]
    info = manifest.get("signature_info", {})
    trusted = found.get("validation_state") == "Trusted"
    signer = str(info.get("common_name") or info.get("issuer") or "")
    return Credential(uses_of(manifest.get("assertions", ())), signer, trusted, problems)


def write(path: Path, target: Path, assertion: Mapping[str, Any], *, chain: str, key: str) -> None:
    """A copy of a file with a credential that holds the assertion, signed; nothing is asked of any network.

    Parameters
    ----------
    path, target : Path
        Of one kind: wav, mp3, m4a, flac, or a picture.
    assertion : mapping
        As ``assertion_of`` makes it.
    chain, key : str
        Certificates, the signer's first, and its private key (ES256), as PEM.
    """
    library = _library()
    definition = {
        "claim_generator_info": [{"name": "versionmatch", "version": __version__}],
        "title": target.name,
        "assertions": [
            {"label": "c2pa.actions", "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": SOURCE}]}},
            dict(assertion),
        ],
    }
    info = library.C2paSignerInfo(b"es256", chain.encode(), key.encode(), None)
    target.unlink(missing_ok=True)
    try:
        with (
            library.Signer.from_info(info) as signer,
            library.Builder(definition) as builder,
            path.open("rb") as source,
            target.open("w+b") as made,
        ):
            builder.sign(signer, _type(path), source, made)
    except library.C2paError as error:
        target.unlink(missing_ok=True)
        raise InputError(
            f"{path} cannot be given a credential: {error}; look at the file, the chain and the key"
        ) from error


SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCreation"


def _type(path: Path) -> str:
    if path.suffix.lower() not in TYPES:
        raise InputError(f"{path}: credentials are read and written in {', '.join(TYPES)}")
    return TYPES[path.suffix.lower()]


def _library() -> Any:
    try:
        import c2pa
    except ImportError as error:
        raise MissingExtra("C2PA credentials", extra="c2pa") from error
    return c2pa
