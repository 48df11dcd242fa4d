"""Title, artist and ISRC from a file's tags, by tinytag."""

from __future__ import annotations

from dataclasses import dataclass

import tinytag

from .source import OpenFile


@dataclass(frozen=True, slots=True)
class Tags:
    """What a file says of itself; None where it says nothing."""

    title: str | None = None
    artist: str | None = None
    isrc: str | None = None


def read_tags(file: OpenFile) -> Tags:
    """The tags of an open file; none where there are none or they are broken. The position is 0 afterwards."""
    file.file.seek(0)
    try:
        found = tinytag.TinyTag.get(file_obj=file.file, duration=False, image=False)
    except (tinytag.TinyTagException, ValueError, KeyError, IndexError, OSError, EOFError):
        return Tags()
    finally:
        file.file.seek(0)
    other = found.other if isinstance(found.other, dict) else {}
    isrc = next((v for k, v in other.items() if k.lower() == "isrc"), None)
    return Tags(_clean(found.title), _clean(found.artist), _clean(isrc))


def _clean(value: object) -> str | None:
    text = value[0] if isinstance(value, list) and value else value
    if not isinstance(text, str):
        return None
    printable = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(printable.split())[:500] or None
