"""Features on disk: one file each, found again by kind, settings and recording.

::

    <root>/features/<kind>-<settings>/<id[:2]>/<id>.safetensors

A file is written under a temporary name, synced and then renamed, so that it is whole or not there. The same feature
gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as parsed

from ..errors import InputError
from ..types import Annotation, Feature, Features, Notes, Peaks, Segments
from .disk import Disk
from .peaks_file import packed, unpacked
from .steps_file import STEP, in_steps, values_of

logger = logging.getLogger(__name__)

FORMAT = "versionmatch.feature/1"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
NOTE_COLUMNS = ("onset_s", "duration_s", "pitch", "confidence")
ANNOTATION_COLUMNS = ("onset_s", "duration_s", "confidence")
DTYPES = {
    "f2": "F16",
    "f4": "F32",
    "f8": "F64",
    "i1": "I8",
    "u1": "U8",
    "u2": "U16",
    "u4": "U32",
    "i4": "I32",
    "i8": "I64",
    "b1": "BOOL",
}
SEGMENT_ARRAYS = ("vectors", "starts_s", "whole")
PEAK_FACTS = ("n_frames", "frame_rate", "bin_hz", "algorithm")


class ArtefactStore:
    """Keeps features beyond a run; implements ``features.view.FeatureCache``.

    What is loaded is bit for bit what was saved. A file that is damaged counts as missing: a warning is
    logged, and the next ``save`` replaces it. Several processes may use one store at the same time.

    Parameters
    ----------
    root : path
        Directory of the store; made when first written to.
    disk : Disk, optional
        Writes the files.

    Examples
    --------
    >>> import tempfile
    >>> store = ArtefactStore(tempfile.mkdtemp())
    >>> store.save("ab12", "chroma", "s1", Features("chroma", np.eye(12), frame_rate=10.0, settings="s1"))
    >>> store.load("ab12", "chroma", "s1").values.shape, store.load("ab12", "chroma", "s2")
    ((12, 12), None)
    """

    def __init__(self, root: str | os.PathLike[str], *, disk: Disk | None = None) -> None:
        self.root = Path(root)
        self._disk = disk or Disk()

    def path_of(self, recording_id: str, kind: str, settings: str) -> Path:
        """Where that feature lies, whether it is there or not.

        Raises InputError where a part could lead out of the store.
        """
        for what, part in (("recording id", recording_id), ("kind", kind), ("settings", settings or "none")):
            if not NAME.fullmatch(part):
                raise InputError(f"the {what} {part!r} cannot name a file; use letters, digits, '.', '_' and '-'")
        folder = f"{kind}-{settings or 'none'}"
        return self.root / "features" / folder / recording_id[:2] / f"{recording_id}.safetensors"

    def load(self, recording_id: str, kind: str, settings: str) -> Feature | None:
        """The feature as it was saved, or None where there is none or it is damaged."""
        path = self.path_of(recording_id, kind, settings)
        try:
            feature = feature_of(path.read_bytes())
        except FileNotFoundError:
            return None
        except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("%s is damaged and will be made again: %s", path, error)
            return None
        if (feature.kind, feature.settings) != (kind, settings):
            logger.warning("%s holds %s with settings %r and is ignored", path, feature.kind, feature.settings)
            return None
        return feature

    def save(self, recording_id: str, kind: str, settings: str, feature: Feature) -> None:
        """Keep a feature, replacing what was there."""
        if (feature.kind, feature.settings) != (kind, settings):
            raise InputError(
                f"a {feature.kind} with settings {feature.settings!r} cannot be kept as {kind} with {settings!r}"
            )
        tensors, metadata = _parts(feature)
        metadata |= {"format": FORMAT, "digest": _digest(tensors, metadata)}
        self._disk.write(self.path_of(recording_id, kind, settings), _serialised(tensors, metadata))


def _parts(feature: Feature) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, str]]:
    """A feature as arrays and texts."""
    fields: dict[str, object] = {"type": type(feature).__name__, "kind": feature.kind, "settings": feature.settings}
    if isinstance(feature, Features):
        steps = in_steps(feature.values, feature.facts)
        tensors: dict[str, np.ndarray[Any, Any]] = {"values": feature.values if steps is None else steps}
        fields |= {"frame_rate": feature.frame_rate, "facts": dict(feature.facts)}
    elif isinstance(feature, Notes):
        tensors = {name: getattr(feature, name) for name in NOTE_COLUMNS}
    elif isinstance(feature, Segments):
        tensors = {name: getattr(feature, name) for name in SEGMENT_ARRAYS}
        fields |= {name: getattr(feature, name) for name in ("length_s", "model_id", "model_digest")}
    elif isinstance(feature, Peaks):
        tensors = {"packed": packed(feature.frames, feature.bins, feature.levels)}
        fields |= {"n": len(feature), **{name: getattr(feature, name) for name in PEAK_FACTS}}
    else:
        tensors = {name: getattr(feature, name) for name in ANNOTATION_COLUMNS}
        fields |= {"labels": list(feature.labels), "facts": dict(feature.facts)}
    return tensors, {"fields": json.dumps(fields, sort_keys=True, default=float)}


def _digest(tensors: Mapping[str, np.ndarray[Any, Any]], metadata: Mapping[str, str]) -> str:
    content = hashlib.sha256(metadata["fields"].encode())
    for name in sorted(tensors):
        content.update(f"{name} {tensors[name].dtype} {tensors[name].shape}".encode())
        content.update(np.ascontiguousarray(tensors[name]).data)
    return content.hexdigest()


def feature_of(content: bytes) -> Feature:
    """The feature whose file has this content; SafetensorError, ValueError, KeyError or TypeError if damaged."""
    metadata, tensors = _metadata(content), parsed(content)
    if metadata["format"] != FORMAT or metadata["digest"] != _digest(tensors, metadata):
        raise ValueError("its content is not what was written")
    fields = json.loads(metadata["fields"])
    kind, settings = fields["kind"], fields["settings"]
    for array in tensors.values():
        array.flags.writeable = False
    if fields["type"] == "Features":
        values, facts = tensors["values"], fields["facts"]
        if values.dtype == np.int8:
            values = values_of(values, facts[STEP])
        return Features(kind, values, fields["frame_rate"], settings, facts)
    if fields["type"] == "Notes":
        columns = {name: tensors[name] for name in NOTE_COLUMNS}
        return Notes(**columns, settings=settings, kind=kind)
    if fields["type"] == "Segments":
        arrays = {name: tensors[name] for name in SEGMENT_ARRAYS}
        facts = {name: fields[name] for name in ("length_s", "model_id")}
        facts["model_digest"] = fields.get("model_digest", "")  # earlier versions did not write it
        return Segments(**arrays, **facts, settings=settings, kind=kind)
    if fields["type"] == "Peaks":
        frames, bins, levels = unpacked(tensors["packed"], fields["n"])
        n_frames, frame_rate, bin_hz, algorithm = (fields[name] for name in PEAK_FACTS)
        return Peaks(frames, bins, levels, n_frames, frame_rate, bin_hz, algorithm, settings, kind)
    onset_s, duration_s, confidence = (tensors[name] for name in ANNOTATION_COLUMNS)
    return Annotation(kind, onset_s, duration_s, tuple(fields["labels"]), confidence, settings, fields["facts"])


def _metadata(content: bytes) -> dict[str, str]:
    (length,) = struct.unpack("<Q", content[:8]) if len(content) >= 8 else (0,)
    if length > len(content) - 8:
        raise ValueError("it is cut off")
    found: dict[str, str] = json.loads(content[8 : 8 + length])["__metadata__"]
    return found


def _serialised(tensors: Mapping[str, np.ndarray[Any, Any]], metadata: Mapping[str, str]) -> bytes:
    """A safetensors file whose bytes depend on nothing but its content."""
    header: dict[str, Any] = {"__metadata__": dict(sorted(metadata.items()))}
    position, parts = 0, []
    for name, array in sorted(tensors.items()):
        little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        end = position + little.nbytes
        header[name] = {
            "dtype": DTYPES[array.dtype.newbyteorder("=").str[1:]],
            "shape": list(array.shape),
            "data_offsets": [position, end],
        }
        parts.append(little.tobytes())
        position = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(parts)
