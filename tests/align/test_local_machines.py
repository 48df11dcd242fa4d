"""Local alignment compiled for other machines, in the next process, and beside essentia where it is installed."""

import os

import numpy as np
import pytest

from tests.processes import found_by
from versionmatch.align.local import dmax, dmax_value, qmax, qmax_value
from versionmatch.align.recurrence import cross_recurrence
from versionmatch.types import Features

SCRIPT = """
import json
import numpy as np
from versionmatch.align import local, local_kernels, recurrence, recurrence_kernels
from versionmatch.types import Features
rng = np.random.default_rng(440)
q, r = (Features("chroma", rng.random((12, n)), 2.0) for n in (333, 521))
kernels = [f for m in (local_kernels, recurrence_kernels) for f in vars(m).values() if hasattr(f, "stats")]
found = [local.qmax(q, r), local.dmax(q, r, gap_onset=0.75)]
print(json.dumps({"cells": np.flatnonzero(recurrence.cross_recurrence(q, r)).tolist(),
                  "scores": [f.score for f in found], "paths": [f.alignment.path.tolist() for f in found],
                  "compiled": sum(sum(f.stats.cache_misses.values()) for f in kernels)}))
"""


def run(**machine):
    return found_by(SCRIPT, **machine)


@pytest.fixture(scope="module")
def here():
    return run(), run()


def test_the_second_process_compiles_nothing_and_finds_the_same(here):
    first, second = here
    assert second.pop("compiled") == 0
    assert second == {key: first[key] for key in second}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="names an x86 machine")
def test_a_processor_without_wide_vectors_gets_the_same_results(here, tmp_path):
    old = run(NUMBA_CACHE_DIR=str(tmp_path), NUMBA_CPU_NAME="x86-64-v2", NUMBA_CPU_FEATURES="")
    assert {key: old[key] for key in ("cells", "scores", "paths")} == {
        key: here[0][key] for key in ("cells", "scores", "paths")
    }


@pytest.fixture(scope="module")
def essentia():
    library = pytest.importorskip("essentia", reason="essentia is an optional extra")
    library.log.infoActive = library.log.warningActive = False
    import essentia.standard

    return essentia.standard


@pytest.mark.parametrize(("onset", "extension"), [(0.5, 0.5), (0.75, 0.25), (0.9, 0.3)])
@pytest.mark.parametrize(("name", "value"), [("serra09", qmax_value), ("chen17", dmax_value)])
@pytest.mark.parametrize("density", [0.1, 0.5, 0.9])
def test_scores_of_a_matrix_are_essentias(essentia, name, value, onset, extension, density):
    binary = (np.random.default_rng(440).random((83, 101)) < density).astype(np.float32)
    score = essentia.CoverSongSimilarity(alignmentType=name, disOnset=onset, disExtension=extension)
    wanted = float(np.max(score(binary)[0]))
    assert value(binary, gap_onset=onset, gap_extension=extension) == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize(("name", "align"), [("serra09", qmax), ("chen17", dmax)])
def test_from_chroma_on_all_is_essentias_but_for_the_last_moment(essentia, name, align):
    rng = np.random.default_rng(440)
    values = [rng.random((12, n)).astype(np.float32) for n in (150, 170)]
    query, reference = (Features("chroma", v / np.linalg.norm(v, axis=0), 2.0) for v in values)
    longer = [np.hstack([f.values, f.values[:, :1]]).T.copy() for f in (query, reference)]  # it drops the last moment
    binary = essentia.ChromaCrossSimilarity(oti=False)(*longer)
    _, distance = essentia.CoverSongSimilarity(alignmentType=name)(binary)
    assert np.array_equal(binary, cross_recurrence(query, reference))
    assert align(query, reference).distance == pytest.approx(distance, rel=1e-6)
