"""Features of one recording, one extractor a file; ``vm.features(source, "chroma")`` makes them by name."""

from __future__ import annotations

from ..facade import callable_package

callable_package(__name__, "versionmatch.jobs.features:features")
