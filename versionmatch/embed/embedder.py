"""Recordings to rows of numbers, for whatever works on rows of numbers: ``vm.VersionEmbedder``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin

from ..errors import InputError, ParamsError, VersionMatchError
from ..types import Features, FloatArray, IntArray, KeylessSegments, Segments
from ..types.segments import check_weights
from . import keyless, keys
from .encoder import VersionEncoder, find_encoder
from .items import Item, name_of
from .loaded import DEFAULT_MODEL
from .published_encoder import PublishedEncoder

Encoder = VersionEncoder | PublishedEncoder
Found = Segments | KeylessSegments
AT_ONCE = 256
"""Rows of a similarity that are made at once."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """An item that could not be used: its place among the items, what it is called, and why."""

    index: int
    name: str
    error: str


class VersionEmbedder(TransformerMixin, BaseEstimator):  # type: ignore[misc,unused-ignore]
    """Recordings to vectors in which versions of one work lie near each other, whatever their key.

    A transformer for scikit-learn, with the methods ``encode`` and ``similarity`` that sentence-transformers have.
    There is nothing to fit. A row is a vector ``(dim, 12)`` laid out in one line, of length 1: the plain dot product of
    two rows is how alike they are in the *same* key; ``similarity`` is that in the best of twelve.

    With a converted published model (CLEWS, Discogs-VINet …) a row is a vector ``(dim,)`` as its network gives it, and
    ``similarity`` is by the measure it is meant for: the cosine, or minus the mean square of the difference. There are
    no keys then. A recording of several windows has their mean as its row, which no paper does: they compare windows.

    Parameters
    ----------
    model : str or path
        Name or directory of an embedding model, or of a converted published one.
    output : ``"track"`` or ``"segments"``
        Whether ``transform`` gives a row of each recording, or one of each segment of it (20.8 s, or as long as a
        published model's windows are), recording after recording.
    batch_size : int
        As many recordings are read and transformed side by side, in threads. The vectors do not depend on it.
    on_error : ``"raise"`` or ``"skip"``
        Whether an item that cannot be used raises its error, or is left out and recorded.

    Attributes
    ----------
    skipped_ : tuple of Skipped
        What the last call of ``transform``, ``encode`` or ``segments`` left out.
    owners_ : (n_rows,) int
        To which item each row of the last ``transform`` or ``encode`` belongs.

    Examples
    --------
    >>> embedder = VersionEmbedder()  # doctest: +SKIP
    >>> rows = embedder.encode(["a.ogg", "b.ogg"])  # doctest: +SKIP
    >>> embedder.similarity(rows, rows)[0, 1], embedder.keys(rows, rows)[0, 1]  # doctest: +SKIP
    (0.83, 3)
    """

    def __init__(
        self,
        model: str = DEFAULT_MODEL,
        output: str = "track",
        batch_size: int = 8,
        on_error: str = "raise",
    ) -> None:
        self.model = model
        self.output = output
        self.batch_size = batch_size
        self.on_error = on_error

    def fit(self, items: object = None, y: object = None) -> Self:
        """Check the settings and read the model's facts; the items are not looked at."""
        self._checked()
        return self

    def transform(self, items: Iterable[Item]) -> FloatArray:
        """A row of each recording, or of each segment where ``output="segments"``: ``(n, n_features_out)``.

        Parameters
        ----------
        items : iterable
            Paths of recordings or scores, Audio, ``(samples, sr)``, CQT Features, Tracks or Segments, mixed at will.

        Raises
        ------
        InputError
            With the item's place and name, where it cannot be used and ``on_error="raise"``; where there is no such
            model; where ``items`` is itself one item.
        MissingExtra
            Where torch is not installed.
        """
        found = list(self._each(items))
        parts = [s.whole[None] if self.output == "track" else s.vectors for _, s in found]
        self.owners_: IntArray = np.repeat([i for i, _ in found], [len(part) for part in parts]).astype(np.int32)
        if not parts:
            return np.zeros((0, self.n_features_out), dtype=np.float32)
        rows: FloatArray = np.concatenate(parts).reshape(sum(map(len, parts)), -1)
        return rows

    def encode(self, items: Iterable[Item]) -> FloatArray:
        """The same as ``transform``."""
        return self.transform(items)

    def segments(self, items: Iterable[Item]) -> list[Segments] | list[KeylessSegments]:
        """Of each recording its Segments, by a published model KeylessSegments; ``skipped_`` has what is left out."""
        return [found for _, found in self._each(items)]  # type: ignore[return-value]  # all by one model

    def similarity(self, a: npt.ArrayLike, b: npt.ArrayLike) -> FloatArray:
        """How alike rows are: ``(n, dim * 12)`` and ``(m, dim * 12)`` to ``(n, m)``, in the best of twelve keys.

        By a published model rows of ``dim`` numbers; larger = more alike in either case.
        """
        encoder = find_encoder(self.model)
        if isinstance(encoder, PublishedEncoder):
            return keyless.likeness(a, b, encoder.measure)
        return self._over_keys(a, b, lambda found: found.max(axis=2)).astype(np.float32)

    def keys(self, a: npt.ArrayLike, b: npt.ArrayLike) -> IntArray:
        """Semitones (0…11) that raise rows of ``b`` to be most alike, ``(n, m)``; ties: the smallest.

        InputError with a published model, whose vectors have no axis of keys.
        """
        self._check_keyed()
        return self._over_keys(a, b, lambda found: found.argmax(axis=2)).astype(np.int32)

    def by_key(self, a: npt.ArrayLike, b: npt.ArrayLike) -> FloatArray:
        """How alike rows are with ``b`` raised by 0…11 semitones, ``(n, m, 12)``.

        InputError with a published model, whose vectors have no axis of keys.
        """
        self._check_keyed()
        return keys.by_key(self._vectors(a), self._vectors(b))

    @property
    def n_features_out(self) -> int:
        """Numbers in a row."""
        encoder = find_encoder(self.model)
        return encoder.dim if isinstance(encoder, PublishedEncoder) else 12 * encoder.dim

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[Any]:
        """``f0_C``, ``f0_C#`` …: the feature and the pitch class of each number of a row; ``f0``, ``f1`` … without."""
        if isinstance(find_encoder(self.model), PublishedEncoder):
            return np.array([f"f{i}" for i in range(self.n_features_out)], dtype=object)
        names = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
        return np.array([f"f{i}_{name}" for i in range(self.n_features_out // 12) for name in names], dtype=object)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def _each(self, items: Iterable[Item]) -> Iterator[tuple[int, Found]]:
        encoder = self._checked()
        if isinstance(items, (str, bytes, Features, Segments, KeylessSegments)) or hasattr(items, "keys"):
            raise InputError(f"items are a list of recordings; got one {type(items).__name__}; write [item]")
        self.skipped_: tuple[Skipped, ...] = ()
        numbered = enumerate(items)
        with ThreadPoolExecutor(min(self.batch_size, os.cpu_count() or 1)) as pool:
            while batch := list(islice(numbered, self.batch_size)):
                read = pool.map(lambda pair: _read(pair[1], encoder), batch)
                for (index, item), ready in zip(batch, read, strict=True):
                    found = _heard(ready, encoder)
                    if isinstance(found, Exception):
                        self._failed(index, item, found)
                    else:
                        yield index, found

    def _failed(self, index: int, item: Item, error: Exception) -> None:
        if self.on_error == "raise":
            raise InputError(
                f"item {index} ({name_of(item)}): {error}; leave it out, or set on_error='skip'"
            ) from error
        self.skipped_ += (Skipped(index, name_of(item), str(error)),)

    def _check_keyed(self) -> None:
        encoder = find_encoder(self.model)
        if isinstance(encoder, PublishedEncoder):
            raise InputError(
                f"the model {encoder.model_id!r} ({encoder.facts.architecture}) makes vectors without an axis of keys; "
                f"ask for similarity, or use a model of 'chroma-equivariant-2', such as {DEFAULT_MODEL!r}"
            )

    def _over_keys(
        self, a: npt.ArrayLike, b: npt.ArrayLike, over: Callable[[FloatArray], npt.NDArray[Any]]
    ) -> npt.NDArray[Any]:
        """Some rows at a time, so that ``(n, m, 12)`` is never held."""
        query, reference = keys.spectra(self._vectors(a)), keys.spectra(self._vectors(b))
        parts = [
            over(keys.products(query[:, at : at + AT_ONCE], reference)) for at in range(0, query.shape[1], AT_ONCE)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, reference.shape[1]))

    @staticmethod
    def _vectors(rows: npt.ArrayLike) -> FloatArray:
        table = np.asarray(rows, dtype=np.float32)
        if table.ndim != 2 or table.shape[1] % 12 or table.shape[1] == 0:
            raise InputError(f"rows of {12} times dim numbers are compared, (n, dim * 12); got shape {table.shape}")
        return table.reshape(table.shape[0], -1, 12)

    def _checked(self) -> Encoder:
        if self.output not in {"track", "segments"}:
            raise ParamsError(f"output = {self.output!r}; it must be 'track' or 'segments'")
        if self.on_error not in {"raise", "skip"}:
            raise ParamsError(f"on_error = {self.on_error!r}; it must be 'raise' or 'skip'")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ParamsError(f"batch_size = {self.batch_size!r}; it must be 1 or more recordings")
        encoder = find_encoder(self.model)
        if isinstance(encoder, VersionEncoder):
            _ = encoder.model  # of an architecture that has segments
        return encoder


def _read(item: Item | Found, encoder: Encoder) -> Any:
    """What the network reads of an item, its segments where it has them already, or why it has none."""
    try:
        if not isinstance(item, (Segments, KeylessSegments)):
            return encoder.prepared(item)
        if item.model_id != encoder.model_id:
            raise InputError(
                f"its segments are of the model {item.model_id!r}, not {encoder.model_id!r}; use one model"
            )
        check_weights(item.model_id, item.model_digest, encoder.weights_sha256)
    except (VersionMatchError, OSError) as error:
        return error
    return item


def _heard(ready: Any, encoder: Any) -> Found | Exception:
    """The segments of what ``_read`` gave, or why there are none: it may be too short for the network."""
    if isinstance(ready, (Segments, KeylessSegments, Exception)):
        return ready
    try:
        found: Found = encoder.heard(ready)
    except InputError as error:
        return error
    return found
