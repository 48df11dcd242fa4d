"""Layers of Sonic Visualiser (``.svl``) as the tables that corrections are read from."""

from __future__ import annotations

import re

from ..errors import InputError
from .xml_tree import parse

LAYER = re.compile(rb"<sv>|<!DOCTYPE sonic-visualiser>")


def is_layer(data: bytes) -> bool:
    """Whether a file begins as a layer does."""
    return LAYER.search(data[:400]) is not None


def layer_table(data: bytes) -> str:
    r"""The points of a layer as comma-separated values: onset, duration, pitch and label, as many of them as it has.

    Raises InputError where it holds no points with times.

    >>> point = b'<dataset><point frame="4000" label="1"/></dataset>'
    >>> layer_table(b'<sv><data><model sampleRate="8000"/>' + point + b"</data></sv>")
    'onset_s,label\n0.5,1\n'
    """
    root = parse(data)
    model = next((m for m in root.iter("model") if m.get("sampleRate")), None)
    points = list(root.iter("point"))
    rate = _number(model.get("sampleRate") if model is not None else None, "the sample rate")
    if rate <= 0 or not points:
        raise InputError(f"this layer has {len(points)} points at {rate:g} frames a second; export one that has some")
    columns = {"onset_s": "frame", "duration_s": "duration", "pitch": "value", "label": "label"}
    there = {name: of for name, of in columns.items() if all(point.get(of) is not None for point in points)}
    if "onset_s" not in there:
        raise InputError("a point of this layer has no frame; export the layer again")
    rows = sorted((_number(point.get("frame"), "a frame"), i, point) for i, point in enumerate(points))
    lines = [",".join(there)]
    for _, _, point in rows:
        cells = []
        for name, of in there.items():
            text = point.get(of, "")
            timed = name in {"onset_s", "duration_s"}
            cells.append(repr(_number(text, of) / rate) if timed else re.sub(r'[",\r\n]', " ", text))
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


def _number(text: str | None, what: str) -> float:
    try:
        return float(text or "")
    except ValueError as error:
        raise InputError(f"{what} of this layer is {str(text)[:40]!r}; a number is expected there") from error
