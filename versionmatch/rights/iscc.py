"""International Standard Content Codes of files: what their bytes are, and what is heard in them (ISO 24138).

A code is a signal by which others can find the same content again; it is no consent and no proof.

References
----------
.. [1] ISO 24138:2024, "Information and documentation: International Standard Content Code (ISCC)".
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError, MissingExtra
from ..fingerprint.chromaprint import Chromaprint

BITS = 64


def _library() -> Any:
    try:
        import iscc_lib
    except ImportError as error:
        raise MissingExtra("ISCC codes", extra="iscc") from error
    return iscc_lib


def audio_code(heard: Chromaprint, *, bits: int = 256) -> str:
    """The Audio-Code of a chromaprint: near codes, in bits that differ, sound alike. MissingExtra without iscc-lib.

    ``bits`` is 32 to 256, a multiple of 32.
    """
    items = np.asarray(heard.items, np.uint32).astype(np.int32).tolist()  # the standard's numbers are signed
    return str(_library().gen_audio_code_v0(items, bits)["iscc"])


def code_of(path: Path, heard: Chromaprint | None = None) -> str:
    """The whole code of a file: of its sound, where a chromaprint is given, its data and its very bytes.

    Equal last parts are equal bytes; near data codes are files that share most of their bytes.
    """
    library, content = _library(), path.read_bytes()
    parts = [library.gen_audio_code_v0(_signed(heard), BITS)["iscc"]] if heard is not None else []
    parts += [library.gen_data_code_v0(content, BITS)["iscc"], library.gen_instance_code_v0(content, BITS)["iscc"]]
    return str(library.gen_iscc_code_v0(parts)["iscc"])


def _signed(heard: Chromaprint) -> list[int]:
    found: list[int] = np.asarray(heard.items, np.uint32).astype(np.int32).tolist()
    return found


def distance(first: str, second: str) -> int:
    """In how many bits two codes of one kind and length differ; InputError where they cannot be compared.

    >>> distance("ISCC:EIAQAAAAAAAAAAAA", "ISCC:EIAQAAAAAAAAAAAA")  # doctest: +SKIP
    0
    """
    library = _library()
    try:
        one, two = (library.iscc_decode(code) for code in (first, second))
    except ValueError as error:
        raise InputError(f"{first!r} or {second!r} is no ISCC: {error}") from error
    if tuple(one[:4]) != tuple(two[:4]):
        raise InputError(f"{first} and {second} are codes of two kinds or lengths; compare like with like")
    return (int.from_bytes(one[4], "big") ^ int.from_bytes(two[4], "big")).bit_count()


def tdm_flags(codes: Sequence[tuple[str, bool, str]]) -> list[dict[str, Any]]:
    """Reservations by code, as TDM·AI's three keys: code, reserved, policy."""
    return [
        {"iscc": code, "tdm-reservation": int(reserved), **({"tdm-policy": policy} if policy else {})}
        for code, reserved, policy in codes
    ]
