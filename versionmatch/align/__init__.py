"""Alignment of feature sequences; ``vm.align(reference, other)`` aligns two recordings."""

from __future__ import annotations

from ..facade import callable_package

callable_package(__name__, "versionmatch.jobs.align:align")
