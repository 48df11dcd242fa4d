"""The features of one recording."""

from __future__ import annotations

from collections.abc import Mapping

from ..features.view import FeatureCache, Track
from .opening import Source, open_track


def features(
    source: Source,
    *kinds: str,
    extractors: Mapping[str, str] | None = None,
    cache: FeatureCache | None = None,
    melody_part: str = "",
) -> Track:
    """A recording's features by kind, each made when first asked for.

    Parameters
    ----------
    source : path, bytes, open file or ``(samples, sr)``
        The recording or score.
    *kinds : str
        Made at once; any other kind is made when it is asked for.
    extractors : mapping, optional
        Kind → name of an extractor plugin, where it is not the default.
    cache : FeatureCache, optional
        Where features outlive the call.
    melody_part : str
        Of a score: the part that carries the melody, by name or number, or ``"skyline"``; empty: chosen by its name.

    Examples
    --------
    >>> from versionmatch.audio import synth
    >>> sound = synth.melody([(60 + 2 * i, 0.5 * i, 0.5) for i in range(12)])
    >>> track = features((sound.samples, sound.sr), "chroma")
    >>> track["chroma"].values.shape[0], track["chroma"].frame_rate
    (12, 10.0)
    """
    track = open_track(source, extractors=extractors, cache=cache, melody_part=melody_part)
    for kind in kinds:
        _ = track[kind]
    return track
