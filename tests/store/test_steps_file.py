"""Values in whole steps take a byte each on disk, and come back bit for bit; others are kept as they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays

from versionmatch.store.artefacts import ArtefactStore
from versionmatch.store.steps_file import in_steps
from versionmatch.types import Features

STEP = 1 / 128
bytes_ = arrays(np.int8, array_shapes(min_dims=2, max_dims=2, max_side=9))


def kept(tmp_path, values, facts):
    store = ArtefactStore(tmp_path)
    store.save("ab", "moments", "s", Features("moments", values, 1.25, "s", facts))
    return store.load("ab", "moments", "s"), store.path_of("ab", "moments", "s").stat().st_size


@given(bytes_)
def test_steps_are_found_again(steps):
    found = in_steps(steps.astype(np.float32) * np.float32(STEP), {"step": STEP})
    assert found.dtype == np.int8
    assert np.array_equal(found, steps)


def test_a_byte_a_value(tmp_path):
    values = np.random.default_rng(1).integers(-128, 128, (50, 40)).astype(np.float32) * np.float32(STEP)
    found, size = kept(tmp_path, values, {"step": STEP})
    assert found.values.dtype == np.float32
    assert found.values.tobytes() == values.tobytes()
    assert dict(found.facts) == {"step": STEP}
    assert values.size < size < values.size + 600


@pytest.mark.parametrize("odd", [0.003, 1.0, -1.5, -0.0])
@pytest.mark.parametrize("facts", [{"step": STEP}, {}, {"step": "long"}, {"step": 0.0}])
def test_values_between_or_beyond_the_steps_are_kept_too(tmp_path, odd, facts):
    values = np.full((3, 4), odd, np.float32)
    found, _ = kept(tmp_path, values, facts)
    assert found.values.tobytes() == values.tobytes()
