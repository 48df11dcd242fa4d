"""Real recordings of anthems and independent MIDI arrangements of them, rendered: is each found by the other?"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from benchmarks.quality.anthems import prepared
from benchmarks.quality.embedding_common import WHAT, Settings, across, both_entries, compared, entry
from versionmatch.embed.levels import levels_of
from versionmatch.jobs.retrieval_items import read_manifest
from versionmatch.jobs.retrieval_work import open_item
from versionmatch.types import FloatArray

BANK = "/usr/share/sounds/sf2/FluidR3_GM.sf2"


def prepare(settings: Settings) -> None:
    """Render the arrangements and make the transforms."""
    levels(settings)


def levels(settings: Settings) -> tuple[list[FloatArray], list[str], np.ndarray]:
    """What the network reads of all 34, their works, and which are recordings."""
    manifest = prepared(settings.data / "dev/anthems", settings.cache, BANK)
    items = read_manifest(manifest)
    kinds = [e["kind"] for e in json.loads((settings.data / "dev/anthems/manifest.json").read_text())]
    heard = [levels_of(open_item(item, str(settings.cache), {})["cqt"]) for item in items]
    return heard, [item.work_id for item in items], np.array([kind == "audio" for kind in kinds])


def measure(settings: Settings) -> dict[str, Any]:
    """Both directions, candidates only of the other side; and all 34 against all."""
    heard, works, real = levels(settings)
    segments = settings.heard(heard)
    names = np.array(works)
    recordings, renderings = (np.flatnonzero(side)[np.argsort(names[side])] for side in (real, ~real))
    if (names[recordings] != names[renderings]).any():
        raise SystemExit("the manifest must hold one recording and one arrangement of each work")
    sides = {
        "recording to rendering": (recordings, renderings),
        "rendering to recording": (renderings, recordings),
    }
    raw = compared(segments, segments).raw()
    directions = {
        direction: {
            name: {
                kind: entry(across(raw[name][np.ix_(*side)], names[recordings].tolist(), z=kind == "z"))
                for kind in ("raw", "z")
            }
            for name in WHAT
        }
        for direction, side in sides.items()
    }
    tables = compared(segments, segments).pairs()
    return {"directions": directions, "all 34": {name: both_entries(*tables[name], works) for name in WHAT}}
