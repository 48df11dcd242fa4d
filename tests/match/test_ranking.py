import numpy as np
import pytest

from versionmatch.match.calibrate import Calibration
from versionmatch.match.metrics import rank
from versionmatch.match.normalise import normalised
from versionmatch.match.ranking import fused_similarity, raw_values, reversed_rows

CALIBRATION = Calibration(
    "test",
    0.2,
    {},
    {},
    {"harmony": (3.0, 3.0), "melody": (2.5, 2.5), "rhythm": (0.3, 0.0)},
    {"harmony": 1.0, "melody": 0.5, "rhythm": 0.1},
    {},
)


def rows(seed: int, n: int, works, shift: int = 4) -> np.ndarray:
    """Versions agree in one key, upwards in one direction and downwards in the other; the rest is chance."""
    rng = np.random.default_rng(seed)
    table = np.log(rng.uniform(8, 14, (n, n, 13)))
    for i in range(n):
        for j in range(i + 1, n):
            if works[i] == works[j]:
                table[i, j, shift] = np.log(25.0)
            table[j, i] = reversed_rows(table[i, j])
    return table


def test_cues_that_agree_on_the_key_find_more_than_either_alone():
    works = [f"w{i // 2}" for i in range(20)]
    both = {"harmony": rows(1, 20, works), "melody": rows(2, 20, works)}
    plain, adjusted = fused_similarity(both, CALIBRATION)
    assert rank(plain, works).means()["map"] == 1.0
    assert np.array_equal(adjusted, normalised(plain))
    assert np.array_equal(plain, plain.T)
    at_odds = both | {"melody": rows(2, 20, works, shift=9)}
    same = np.equal.outer(np.array(works), np.array(works)) & ~np.eye(20, dtype=bool)
    assert plain[same].min() > fused_similarity(at_odds, CALIBRATION)[0][same].max()


def test_a_pair_with_nothing_to_compare_ranks_as_a_usual_one():
    works = ["a", "a", "b", "b"]
    table = rows(3, 4, works)
    table[0, 2] = table[2, 0] = np.nan
    plain, _ = fused_similarity({"harmony": table}, CALIBRATION)
    assert plain[0, 2] == pytest.approx(np.exp(3.0 - 1.5))
    assert raw_values("harmony", table)[0, 2] == 0.0


def test_a_cue_without_a_key_adds_its_raw_value():
    works = ["a", "a", "b", "b"]
    rhythm = np.zeros((4, 4, 13))
    rhythm[..., :12] = 0.7
    harmony = {"harmony": rows(4, 4, works)}
    with_rhythm = fused_similarity(harmony | {"rhythm": rhythm}, CALIBRATION)[0]
    assert with_rhythm == pytest.approx(fused_similarity(harmony, CALIBRATION)[0] * np.exp(0.07))
    assert raw_values("rhythm", rhythm)[0, 1] == 0.7
