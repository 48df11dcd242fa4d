"""Alignment of two frame sequences: ``oti`` (transposition), ``cost`` (of a pair), ``dtw`` (warping), ``path``.

The package can be called: ``vm.align(reference, other)`` aligns two recordings.
"""

from __future__ import annotations

from ..facade import callable_package

callable_package(__name__, "versionmatch.jobs.align:align")
