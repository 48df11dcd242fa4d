"""Keyless segments: checked once, then trusted."""

import pickle

import numpy as np
import pytest

from versionmatch.errors import InputError
from versionmatch.types import KeylessSegments


def keyless(**change):
    made = {
        "vectors": np.arange(6.0).reshape(2, 3),
        "starts_s": [0.0, 5.0],
        "ends_s": [20.0, 23.0],
        "whole": np.ones(3),
        "model_id": "m",
    }
    return KeylessSegments(**made | change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vectors": np.ones((2, 3, 12))}, r"shape \(n ≥ 1, dim ≥ 1\); got \(2, 3, 12\)"),
        ({"vectors": np.ones((0, 3))}, r"got \(0, 3\)"),
        ({"whole": np.ones(4)}, r"the segments' shape \(3,\); got \(4,\)"),
        ({"starts_s": [0.0]}, r"2 segments need as many finite starts and ends; got \(1,\), \(2,\)"),
        ({"ends_s": [20.0, np.inf]}, "finite starts and ends"),
        ({"starts_s": [5.0, 5.0]}, "each after the one before it"),
        ({"starts_s": [-1.0, 5.0]}, "must start at 0 s or later"),
        ({"ends_s": [20.0, 5.0]}, "and end after that"),
        ({"vectors": np.array([[1, 2, 3], [1, np.nan, 3]])}, "vector of segment 1 by the model 'm' is not finite"),
        ({"whole": np.array([1, np.inf, 3])}, "vector of the whole by the model 'm' is not finite"),
        ({"measure": "dot"}, "measure = 'dot'; it must be one of cosine, mean-square"),
    ],
)
def test_what_is_wrong_is_named(change, message):
    with pytest.raises(InputError, match=message):
        keyless(**change)


def test_vectors_keep_their_length_and_cannot_be_written_to():
    made = keyless()
    assert (len(made), made.dim, made.vectors.dtype) == (2, 3, np.float32)
    assert made.vectors[1].tolist() == [3, 4, 5]
    with pytest.raises(ValueError, match="read-only"):
        made.vectors[0] = 0


def test_they_travel_to_other_processes():
    sent = pickle.loads(pickle.dumps(keyless(model_digest="ab", measure="mean-square")))
    assert np.array_equal(sent.vectors, keyless().vectors)
    assert (sent.model_digest, sent.measure) == ("ab", "mean-square")
    assert not sent.ends_s.flags.writeable
