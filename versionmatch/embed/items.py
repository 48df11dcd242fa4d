"""What stands for a recording where vectors are asked for: a path (of a score, too), sound, or its transform."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from ..errors import InputError
from ..features.cqt import SR, LibrosaCQT
from ..scores.sounding import load
from ..types import Audio, Features

Item: TypeAlias = "str | Path | bytes | Audio | tuple[np.ndarray[Any, Any], int] | Features | Mapping[str, Any]"
"""A path or the bytes of a recording or a score, an Audio, ``(samples, sr)``, CQT Features, or a Track."""


def cqt_of(item: Item) -> Features:
    """The transform of an item, made where it is not there yet.

    Raises
    ------
    AudioDecodeError, LimitError
        A file cannot be read, or is larger than a limit.
    InputError
        A score cannot be read, or the item is nothing that stands for a recording.
    """
    if isinstance(item, Features):
        return item
    if isinstance(item, Mapping):
        cqt: Features = item["cqt"]
        return cqt
    return LibrosaCQT().extract({"audio": audio_of(item)})


def audio_of(item: object, sr: int = SR) -> Audio:
    """The sound of an item at that rate: of a path, a file's bytes, an Audio, ``(samples, sr)`` or a Track.

    Raises
    ------
    AudioDecodeError, LimitError
        A file cannot be read, or is larger than a limit.
    InputError
        The item is nothing that has sound.
    """
    if isinstance(item, Mapping):
        if "audio" not in item:
            raise InputError("the sound of the track is not at hand; give its path, an Audio or (samples, sr)")
        item = item["audio"]
    if isinstance(item, Audio):
        return item if item.sr == sr else load((item.samples, item.sr), sr=sr)[1]
    if (isinstance(item, tuple) and len(item) == 2) or isinstance(item, (str, bytes, os.PathLike)):
        return load(item, sr=sr)[1]
    raise InputError(
        f"a {type(item).__name__} stands for no recording; give a path, an Audio, (samples, sr), "
        "CQT Features or a Track"
    )


def name_of(item: object) -> str:
    """What messages call an item."""
    if isinstance(item, (str, os.PathLike)):
        return os.fspath(item) if isinstance(os.fspath(item), str) else repr(item)
    recording = getattr(item, "recording", None)
    return str(recording.label) if recording is not None else f"a {type(item).__name__}"
