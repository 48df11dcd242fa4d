"""Counts over a corpus as they are shipped: a model's folder with ``statistics.json`` and one file of arrays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays

from .errors import InputError, IntegrityError
from .files import shipped_models
from .types.value import frozen

Arrays = dict[str, npt.NDArray[Any]]


def read_statistics(name: str, arrays: str, *, what: str, schema: str, default: str) -> tuple[dict[str, Any], Arrays]:
    """What ``statistics.json`` says and the arrays of the file ``arrays``, read-only.

    ``name`` is that of a model that is shipped, or a folder. InputError where there is none, IntegrityError where it is
    damaged or of another schema; ``what`` and ``default`` are for their words.
    """
    folder = Path(name) if (Path(name) / "statistics.json").is_file() else shipped_models() / name
    try:
        about = json.loads((folder / "statistics.json").read_text(encoding="utf-8"))
        found = load_arrays((folder / arrays).read_bytes())
    except FileNotFoundError as error:
        raise InputError(f"no {what} statistics {name!r}; the shipped ones are {default!r}") from error
    except (ValueError, SafetensorError) as error:
        raise IntegrityError(f"the {what} statistics {name!r} cannot be read: {error}; install them again") from error
    if about.get("schema") != schema:
        raise IntegrityError(f"{name} has the schema {about.get('schema')!r}, this version reads {schema}")
    return about, {key: frozen(values, values.dtype) for key, values in found.items()}


def tables_of(
    about: dict[str, Any], arrays: Arrays
) -> dict[str, tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint16]]]:
    """By kind of figure that ``about["least"]`` names: ascending codes, and the number of works that have each."""
    return {
        kind: (frozen(arrays[f"{kind}.codes"], np.uint32), frozen(arrays[f"{kind}.counts"], np.uint16))
        for kind in about["least"]
    }
