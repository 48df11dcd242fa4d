"""``catalogue.toml``: what a catalogue is made of, in a file that can be read and changed by hand."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..errors import IntegrityError, ParamsError
from ..params import check

NAME = "catalogue.toml"
FORMAT = 1

COMPARED = ("cqt", "onsets", "chroma", "melody", "notes", "beats", "key", "chords", "sections", "waveform", "peaks")
"""The kinds of feature that a comparison of two recordings reads."""

HEARD = ("segments", "moments")
"""The kinds that an embedding model makes."""


def usual_kinds() -> tuple[str, ...]:
    """What is kept of each recording unless told otherwise: all that is compared, and where torch is there what a model
    hears, in segments and from moment to moment.
    """
    return (*COMPARED, *HEARD) if find_spec("torch") is not None else COMPARED


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueSettings:
    """What is kept of each recording, and by which plugins it is made.

    Attributes
    ----------
    kinds : tuple of str
        Kinds of feature. One added later is made of all recordings by the next ``index add``.
    extractors : mapping
        Kind → name of an extractor plugin, where it is not the one named like the kind; ``segments:MODEL`` names the
        embedding model whose vectors are indexed.
    """

    kinds: tuple[str, ...] = field(default_factory=usual_kinds)
    extractors: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinds", tuple(self.kinds))
        object.__setattr__(self, "extractors", dict(self.extractors))
        check(bool(self.kinds), "kinds", self.kinds, "at least one kind of feature")
        texts = (*self.kinds, *self.extractors, *self.extractors.values())
        check(all(isinstance(t, str) and t for t in texts), "kinds, extractors", texts, "words")
        check(len(set(self.kinds)) == len(self.kinds), "kinds", self.kinds, "different kinds")

    def to_toml(self) -> str:
        """The file's text; ``of`` turns it back into the same settings."""
        lines = [
            "# Written by versionmatch. A change takes effect with the next `versionmatch index add`.",
            f"format = {FORMAT}",
            "",
            "[features]",
            f"kinds = {json.dumps(list(self.kinds))}",
            "",
            "[extractors]  # kind = a plugin, where it is not the one named like the kind; segments = segments:MODEL",
            *(f"{json.dumps(kind)} = {json.dumps(name)}" for kind, name in sorted(self.extractors.items())),
        ]
        return "\n".join(lines) + "\n"

    @classmethod
    def of(cls, text: str, source: str = NAME) -> CatalogueSettings:
        """The settings that a file's text says; IntegrityError where it is none, ParamsError where it is odd."""
        try:
            data = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise IntegrityError(f"{source} cannot be read: {error}; {REMEDY}") from error
        if data.get("format") != FORMAT or isinstance(data.get("format"), bool):
            raise IntegrityError(f"{source} has format {data.get('format')!r}; this package reads {FORMAT}; {REMEDY}")
        features = _section(data, "features", source)
        _known(data, {"format", "features", "extractors"}, source)
        _known(features, {"kinds"}, source)
        kinds = features.get("kinds")
        if not isinstance(kinds, list):
            raise ParamsError(f"{source}: [features] kinds = {kinds!r}; it must be a list of kinds; {REMEDY}")
        return cls(kinds=tuple(kinds), extractors=_section(data, "extractors", source))

    def changed(self, **values: Any) -> CatalogueSettings:
        """The same settings with some replaced."""
        return replace(self, **values)


REMEDY = "`versionmatch index verify --repair` writes it anew as it was last used"


def read_settings(root: Path) -> tuple[CatalogueSettings, str]:
    """A catalogue's settings and the text that says them."""
    path = root / NAME
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise IntegrityError(f"{path} is missing; {REMEDY}") from None
    except UnicodeDecodeError as error:
        raise IntegrityError(f"{path} is not UTF-8 text ({error.reason}); {REMEDY}") from error
    return CatalogueSettings.of(text, str(path)), text


def _section(data: Mapping[str, Any], name: str, source: str) -> dict[str, Any]:
    found = data.get(name, {})
    if not isinstance(found, dict):
        raise ParamsError(f"{source}: {name} = {found!r}; it must be a section [{name}]; {REMEDY}")
    return found


def _known(found: Mapping[str, Any], known: set[str], source: str) -> None:
    for name in found:
        if name not in known:
            near = difflib.get_close_matches(name, sorted(known), n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ParamsError(f"{source} has no setting {name!r}; there are: {', '.join(sorted(known))}.{hint}")
