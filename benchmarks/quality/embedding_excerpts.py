"""The middle of each cover against the whole recordings of all others: 20 s and 40 s.

Two ways: by the segments that are kept of every recording anyway (the mean, over the excerpt's segments, of the best
match), and by windows as long as the excerpt, which asks for the network's moments. The harmony cue is beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from benchmarks.quality.embedding_common import Settings, both_entries, compared, digest, kept
from benchmarks.quality.embedding_covers import COVERS, tracks
from versionmatch.embed.keys import products, spectra
from versionmatch.embed.levels import FRAME_RATE, MOMENT_S, levels_of
from versionmatch.embed.loaded import VersionModel, steady
from versionmatch.embed.moments import moments_of
from versionmatch.embed.segmenting import pooled_windows, sounding
from versionmatch.features.view import Track
from versionmatch.match.cues.harmony import HarmonyCue
from versionmatch.match.normalise import normalised
from versionmatch.match.ranking import similarity
from versionmatch.types import DoubleArray, Features, FloatArray, Recording, Segments

LENGTHS_S = (20, 40)


def measure(settings: Settings) -> dict[str, Any]:
    """Figures of both lengths."""
    opened, works = tracks(settings)
    levels = [levels_of(track["cqt"]) for track in opened]
    whole = settings.heard(levels)
    report: dict[str, Any] = {}
    for seconds in LENGTHS_S:
        middles = settings.heard([middle(x, seconds, FRAME_RATE) for x in levels])
        tables = {
            "embedding, stored segments": compared(middles, whole).forth.max(axis=2).astype(np.float64),
            "embedding, windows of that length": by_windows(settings.model, middles, levels, seconds),
            "harmony": by_harmony(settings, opened, seconds),
        }
        report[f"{seconds} s"] = {name: both_entries(t, normalised(t), works) for name, t in tables.items()}
    return {"lengths": report}


def middle(values: FloatArray, seconds: float, frame_rate: float) -> FloatArray:
    """The middle of a sequence ``(n_features, n_frames)``; all of it where it is no longer."""
    n = round(seconds * frame_rate)
    first = max(0, (values.shape[1] - n) // 2)
    return np.ascontiguousarray(values[:, first : first + n])


def by_windows(
    model: VersionModel, excerpts: Sequence[Segments], levels: Sequence[FloatArray], seconds: float
) -> DoubleArray:
    """The excerpts' whole vectors against the best window of each recording, a window every three moments."""
    queries = spectra(np.stack([e.whole for e in excerpts]))
    columns = [products(queries, spectra(_windows(model, x, seconds))).max(axis=(1, 2)) for x in levels]
    return np.stack(columns, axis=1).astype(np.float64)


def _windows(model: VersionModel, levels: FloatArray, seconds: float) -> FloatArray:
    with steady():
        heard = torch.tensor(levels)[None]
        moments = moments_of(model.net, heard)
        length = min(round(seconds / MOMENT_S), moments.shape[1])
        first = list(range(0, moments.shape[1] - length + 1, model.hop))
        vectors: FloatArray = pooled_windows(model.net, moments, sounding(heard), first, length)[0].numpy()
    return vectors


def by_harmony(settings: Settings, opened: Sequence[Track], seconds: int) -> DoubleArray:
    """The harmony cue, as it ranks."""
    content = (settings.data / COVERS).read_bytes()
    name = f"harmony-{seconds}s-{digest(content, dict(HarmonyCue.settings))}"
    return kept(settings.cache, name, lambda: _harmony(opened, seconds))


def _harmony(opened: Sequence[Track], seconds: int) -> DoubleArray:
    cue = HarmonyCue()
    parts = [_excerpt(track, seconds) for track in opened]
    queries, candidates = ([cue.sketch(track) for track in side] for side in (parts, opened))
    rows = np.full((len(parts), len(opened), 13), np.nan)
    for i, query in enumerate(queries):
        for j, candidate in enumerate(candidates):
            found = cue.by_key(query, candidate) if i != j else None
            if found is not None:
                rows[i, j] = found
    return similarity("harmony", rows)


def _excerpt(track: Track, seconds: int) -> Track:
    cqt = track["cqt"]
    values = middle(cqt.values, seconds, cqt.frame_rate)
    recording = Recording(track.recording.id, track.recording.label, values.shape[1] / cqt.frame_rate)
    return Track(recording, {"cqt": Features("cqt", values, cqt.frame_rate)})
