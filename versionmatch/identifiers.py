"""The industry's numbers for recordings, works, people and releases: written one way, their check digits looked at.

ISRC (ISO 3901) names a recording, ISWC (ISO 15707) a work, ISNI (ISO 27729) and IPI a person or a company, UPC/EAN
(GS1) a release. An ISRC has no check digit; only its form can be looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .errors import InputError

_IGNORED = re.compile(r"[\s.\-‐-―/]+")


@dataclass(frozen=True, slots=True)
class _Kind:
    """Of what letters and digits a number is made, how it is named, and what its check digits must be."""

    form: re.Pattern[str]
    example: str
    check: Callable[[str], str] | None = None
    n_check: int = 1
    prefix: str = ""
    fill: int = 0


def _isrc_form() -> re.Pattern[str]:
    return re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}")


def _iswc(body: str) -> str:
    total = 1 + sum(place * int(digit) for place, digit in enumerate(body.removeprefix("T"), start=1))
    return str(-total % 10)


def _isni(body: str) -> str:
    total = 0
    for digit in body:
        total = (total + int(digit)) * 2
    return "0123456789X"[(12 - total % 11) % 11]


def _ipi(body: str) -> str:
    total = sum((10 - place) * int(digit) for place, digit in enumerate(body)) % 101
    return f"{(101 - total) % 100 if total else 0:02d}"


def _upc(body: str) -> str:
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return str(-total % 10)


KINDS: dict[str, _Kind] = {
    "isrc": _Kind(_isrc_form(), "GBAYE0601498"),
    "iswc": _Kind(re.compile(r"T\d{10}"), "T-034.524.680-1", _iswc),
    "isni": _Kind(re.compile(r"\d{15}[\dX]"), "0000 0001 2103 2683", _isni),
    "ipi": _Kind(re.compile(r"\d{11}"), "00017798450", _ipi, n_check=2, fill=11),
    "upc": _Kind(re.compile(r"\d{8}|\d{12,14}"), "036000291452", _upc),
}
"""Names of the numbers that ``normalised`` knows."""


def normalised(kind: str, text: str) -> str:
    """A number as it is stored: capitals, without hyphens, dots and blanks.

    Parameters
    ----------
    kind : str
        ``"isrc"``, ``"iswc"``, ``"isni"``, ``"ipi"`` or ``"upc"`` (UPC-A, EAN-8, EAN-13, GTIN-14).
    text : str
        As it was found. A leading ``ISRC`` or the like is taken off; an IPI may lack its leading zeros.

    Raises
    ------
    InputError
        If it is of another form, or a check digit is wrong; the message says which digit would be right.

    Examples
    --------
    >>> normalised("iswc", "T-034.524.680-1")
    'T0345246801'
    >>> normalised("isrc", "gb-aye-06-01498")
    'GBAYE0601498'
    """
    if kind not in KINDS:
        raise InputError(f"there is no kind of number {kind!r}; there are: {', '.join(KINDS)}")
    known = KINDS[kind]
    plain = _IGNORED.sub("", text.upper()).removeprefix(kind.upper()).removeprefix(":").zfill(known.fill)
    name = kind.upper()
    if not known.form.fullmatch(plain):
        raise InputError(f"{text!r} has not the form of an {name}; one looks like {known.example}")
    if known.check is not None:
        body, found = plain[: -known.n_check], plain[-known.n_check :]
        wanted = known.check(body)
        if found != wanted:
            raise InputError(
                f"the {name} {text!r} ends in the check digits {found}, by the others they would be {wanted}; "
                "a digit was probably mistyped"
            )
    return plain


def problem(kind: str, text: str) -> str | None:
    """What is wrong with a number, as a sentence; None where nothing is.

    >>> problem("upc", "036000291453").endswith("a digit was probably mistyped")
    True
    >>> problem("upc", "036000291452") is None
    True
    """
    try:
        normalised(kind, text)
    except InputError as error:
        return str(error)
    return None
