"""XML as a tree, and compressed MusicXML unpacked, without anything that an ill-meant file could do."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Any, NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from ..errors import InputError, LimitError

MAX_BYTES = 64 << 20
"""Of a score's text, unpacked."""

MAX_DEPTH = 64
MAX_MEMBERS = 4096
CONTAINER = "META-INF/container.xml"


def parse(data: bytes) -> Element:
    """The root of a document; no entity is declared, no other file is read. Raises InputError or LimitError."""
    check_size(len(data))
    parser = expat.ParserCreate()
    builder, depth = TreeBuilder(), 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise InputError(f"this XML nests elements {depth} deep; no score needs more than {MAX_DEPTH}")
        builder.start(tag.rpartition(":")[2], attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag.rpartition(":")[2])

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = _entity
    parser.buffer_text = True
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise InputError(f"this MusicXML is broken: {error}; export it again") from error
    except (LookupError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"this MusicXML has an encoding that is not known ({error}); save it as UTF-8") from error
    return builder.close()


def _entity(name: str, *_: Any) -> NoReturn:
    raise InputError(f"this XML declares an entity, {name[:40]!r}, which no score needs; export it again")


def unpacked(data: bytes) -> bytes:
    """The score within a compressed MusicXML file (.mxl), as its container names it, else its first one."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if len(names) > MAX_MEMBERS:
                raise InputError(f"this .mxl holds {len(names)} files; no score needs more than {MAX_MEMBERS}")
            return _member(archive, _rootfile(archive, names))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise InputError(f"this .mxl is broken: {error}; export it again") from error


def _rootfile(archive: zipfile.ZipFile, names: list[str]) -> str:
    if CONTAINER in names:
        for item in parse(_member(archive, CONTAINER)).iter("rootfile"):
            if item.get("full-path") in names:
                return str(item.get("full-path"))
    scores = [n for n in names if n.lower().endswith((".xml", ".musicxml")) and not n.startswith("META-INF/")]
    if not scores:
        raise InputError("this zip file holds no MusicXML; name a .mxl, or the score within it")
    return scores[0]


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """A file of the archive; what its directory says of its size is not believed."""
    with archive.open(name) as file:
        data = file.read(MAX_BYTES + 1)
    check_size(len(data))
    return data


def check_size(n_bytes: int) -> None:
    """Raise LimitError where a score's text is larger than any score needs."""
    if n_bytes > MAX_BYTES:
        raise LimitError("this score", limit="MAX_BYTES", found=n_bytes, allowed=MAX_BYTES, unit="bytes")
