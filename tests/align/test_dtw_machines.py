"""The compiled code on other machines, and in the next process."""

import os

import pytest

from tests.processes import found_by

SCRIPT = """
import json
import numpy as np
from versionmatch.align import dtw, dtw_kernels
rng = np.random.default_rng(440)
x, y = rng.random((12, 333)), rng.random((12, 421))
path, total = dtw.dtw_path(x, y)
part, part_total = dtw.dtw_path(x[:5, :70], y[:5], open_begin=True, open_end=True)
banded = dtw.dtw_total(x, y, band=0.1)
compiled = [f.stats.cache_misses for f in vars(dtw_kernels).values() if hasattr(f, "stats")]
print(json.dumps({"totals": [total, part_total, banded], "path": path.tolist(), "part": part.tolist(),
                  "compiled": sum(sum(c.values()) for c in compiled)}))
"""


def run(**machine):
    return found_by(SCRIPT, **machine)


@pytest.fixture(scope="module")
def here():
    return run(), run()


def test_the_second_process_compiles_nothing(here):
    first, second = here
    assert second["compiled"] == 0
    assert second["totals"] == first["totals"]


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="names an x86 machine")
def test_a_processor_without_wide_vectors_gets_the_same_results(here, tmp_path):
    old = run(NUMBA_CACHE_DIR=str(tmp_path), NUMBA_CPU_NAME="x86-64-v2", NUMBA_CPU_FEATURES="")
    assert old["totals"] == pytest.approx(here[0]["totals"], rel=1e-6)
    assert old["path"] == here[0]["path"]
    assert old["part"] == here[0]["part"]
