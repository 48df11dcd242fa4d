"""JSON with one spelling only (RFC 8785), so that equal facts have equal bytes and equal hashes."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from json.encoder import encode_basestring

from ..errors import InputError

LARGEST = (1 << 53) - 1
"""Whole numbers beyond it are not exact in every reader of JSON."""


def canonical(value: object) -> bytes:
    """The canonical bytes of a JSON value.

    Raises InputError for what JSON cannot say exactly: NaN and infinity, whole numbers beyond 2⁵³ - 1, lone surrogates,
    keys that are no text, and other types.

    Examples
    --------
    >>> canonical({"b": [1.0, 1e-7, True], "a": None})
    b'{"a":null,"b":[1,1e-7,true]}'

    References
    ----------
    .. [1] Rundgren, Jordan, Erdtman, "JSON Canonicalization Scheme (JCS)", RFC 8785, 2020.
    """
    parts: list[str] = []
    _spell(value, parts)
    try:
        return "".join(parts).encode()
    except UnicodeEncodeError as error:
        raise InputError(f"a text holds half a surrogate pair at {error.start}; give whole characters") from error


def digest_of(value: object) -> str:
    """The sha256 of a JSON value's canonical bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _spell(value: object, parts: list[str]) -> None:
    if isinstance(value, str):
        parts.append(encode_basestring(value))
    elif value is None or isinstance(value, bool):
        parts.append({None: "null", True: "true", False: "false"}[value])
    elif isinstance(value, int):
        if abs(value) > LARGEST:
            raise InputError(f"{value} is beyond 2**53 - 1; write it as text")
        parts.append(str(value))
    elif isinstance(value, float):
        parts.append(_number(value))
    elif isinstance(value, Mapping):
        _object(value, parts)
    elif isinstance(value, (list, tuple)):
        parts.append("[")
        for i, item in enumerate(value):
            parts.append("," if i else "")
            _spell(item, parts)
        parts.append("]")
    else:
        raise InputError(f"a {type(value).__name__} is no JSON value; give text, numbers, lists or mappings")


def _object(value: Mapping[object, object], parts: list[str]) -> None:
    keys: list[str] = []
    for key in value:
        if not isinstance(key, str):
            raise InputError(f"the key {key!r} is no text")
        keys.append(key)
    plain = all(key.isascii() for key in keys)
    parts.append("{")
    for i, key in enumerate(sorted(keys) if plain else sorted(keys, key=_utf16)):
        parts += ["," if i else "", encode_basestring(key), ":"]
        _spell(value[key], parts)
    parts.append("}")


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", errors="surrogatepass")


def _number(value: float) -> str:
    """A number as ECMAScript spells it: the shortest digits that give it back."""
    if not math.isfinite(value):
        raise InputError(f"{value} is no JSON number")
    if value == 0:
        return "0"
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, rest = mantissa.partition(".")
    digits = whole + rest
    shown = digits.lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(digits) - len(shown))
    shown = shown.rstrip("0")
    sign, n = "-" if value < 0 else "", len(shown)
    if n <= point <= 21:
        return sign + shown + "0" * (point - n)
    if 0 < point <= 21:
        return f"{sign}{shown[:point]}.{shown[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{shown}"
    tail = f".{shown[1:]}" if n > 1 else ""
    return f"{sign}{shown[0]}{tail}e{point - 1:+d}"
