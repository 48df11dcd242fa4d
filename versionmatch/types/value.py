"""What all values have in common: arrays that nobody can write to, and travel to other processes."""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float32]
DoubleArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int32]


def frozen(values: npt.ArrayLike, dtype: type[np.generic]) -> npt.NDArray[Any]:
    """The values as an array that nobody can write to; itself where it is one already."""
    if isinstance(values, np.ndarray) and values.dtype == dtype and is_frozen(values):
        return values
    array = np.array(values, dtype=dtype, order="C")
    array.flags.writeable = False
    return array


def is_frozen(array: npt.NDArray[Any]) -> bool:
    """Whether nobody can write to it: read-only, contiguous, and no view of anything."""
    return array.flags.owndata and array.flags.c_contiguous and not array.flags.writeable


def let_go(array: npt.NDArray[Any]) -> None:
    """Tell the system that the pages of a file-backed array need not stay in memory; they can be read again."""
    owner: object = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    if isinstance(owner, memoryview):
        owner = owner.obj
    if isinstance(owner, mmap.mmap) and hasattr(owner, "madvise"):
        owner.madvise(mmap.MADV_DONTNEED)


def mapping(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """A read-only copy."""
    return MappingProxyType(dict(values))


class Value:
    """A value is sent to another process as what it was made from, and checked and frozen again there."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        named = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
        plain = {k: dict(v) if isinstance(v, MappingProxyType) else v for k, v in named.items()}
        return _remade, (type(self), plain)


def _remade(kind: type[Any], values: dict[str, Any]) -> Any:
    return kind(**values)
