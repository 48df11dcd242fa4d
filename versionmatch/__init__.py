"""Musical similarity and version matching, with evidence.

>>> import versionmatch as vm
>>> match = vm.compare("examples/greensleeves-a.ogg", "examples/greensleeves-b.ogg")  # doctest: +SKIP
>>> match.relation, match.transposition  # doctest: +SKIP
('version', 3)

Importing this package loads nothing heavy: each name is fetched when it is first used (PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "compare": "jobs.compare",
    "Catalogue": "jobs.catalogue",
    "TuneIndex": "jobs.tune_index",
    "prior_art": "jobs.prior_art",
    "load": "scores.sounding",
    "stream": "audio.decode",
    "Limits": "audio.decode",
    "CompareParams": "params",
    "IndexParams": "params",
    "RetrievalParams": "jobs.retrieval",
    "bench_retrieval": "jobs.retrieval",
    "Track": "features.view",
    "VersionEmbedder": "embed.embedder",
    "Alignment": "types",
    "Annotation": "types",
    "Audio": "types",
    "Evidence": "types",
    "Features": "types",
    "Manifest": "types",
    "Match": "types",
    "Notes": "types",
    "Null": "types",
    "Passage": "types",
    "Recording": "types",
    "Segments": "types",
    "Span": "types",
    "VersionMatchError": "errors",
    "InputError": "errors",
    "AudioDecodeError": "errors",
    "LimitError": "errors",
}

_PACKAGES = ("align", "features")  # these can be called themselves

__all__ = ["__version__", "align", "features", *_HOMES]  # noqa: PLE0604 (all are texts)


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return import_module(f"{__name__}.{name}")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'versionmatch' has no attribute {name!r}; there are: {', '.join(sorted(_HOMES))}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
