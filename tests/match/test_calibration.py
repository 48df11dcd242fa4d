import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from versionmatch.errors import InputError, IntegrityError
from versionmatch.match import calibrate, fuse
from versionmatch.match.calibrate import Calibration, Logistic, fit_logistic, strength
from versionmatch.match.null import null_of, p_value
from versionmatch.types import Evidence, Passage, Recording, Span

CUES = ("harmony", "melody", "rhythm")


@pytest.fixture(scope="module")
def calibration():
    rng = np.random.default_rng(440)
    nulls = {cue: null_of("drawn numbers", rng.normal(5, 1, 999)) for cue in CUES}
    logistics = {
        "harmony": Logistic(-8.0, {"harmony": 3.0}),
        "melody": Logistic(-6.0, {"melody": 2.0}),
        "harmony+melody": Logistic(-9.0, {"harmony": 2.5, "melody": 1.0}),
        "harmony+melody+rhythm": Logistic(-9.5, {"harmony": 2.5, "melody": 1.0, "rhythm": 0.5}),
    }
    return Calibration("test", 0.2, nulls, logistics, {"harmony": 1.0, "melody": 0.5, "rhythm": 0.2}, {})


def evidence(**raw):
    return [Evidence(cue, value, "unit") for cue, value in raw.items()]


def recording(name="a", **fields):
    return Recording(name, f"{name}.wav", fields.pop("duration_s", 200.0), **fields)


def passage(start: float, end: float) -> Passage:
    return Passage(Span(start, end, start, end), [[start, start], [end, end]], ("harmony",), 0.8, 0, 1.0)


def test_p_is_the_share_of_the_null_that_reaches_the_value():
    null = null_of("numbers 1 to 1000", np.arange(1, 1001), n_quantiles=1000)
    assert p_value(1001.0, null) == 1 / 1001
    assert p_value(991.0, null) == pytest.approx(11 / 1001, abs=2 / 1001)
    assert p_value(0.0, null) == 1.0


@given(st.integers(0, 1000), st.integers(5, 3000))
@settings(max_examples=60, deadline=None)
def test_p_is_never_smaller_than_that_of_the_whole_null(seed, n):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=n)
    null = null_of("drawn", values)
    for raw in rng.normal(size=5):
        exact = ((values >= raw).sum() + 1) / (n + 1)
        assert exact - 1e-12 <= p_value(raw, null) <= exact + 2 / 400 + 2 / (n + 1)


def test_p_values_of_unrelated_pairs_are_even():
    rng = np.random.default_rng(440)
    null = null_of("drawn", rng.normal(size=5000))
    drawn = np.sort([p_value(raw, null) for raw in rng.normal(size=5000)])
    assert np.abs(drawn - np.linspace(0, 1, 5000)).max() < 0.04


def test_the_parts_sum_exactly_to_the_total(calibration):
    fused = fuse.fuse(evidence(harmony=17.3, melody=9.1, rhythm=0.77), calibration)
    assert sum(fused.parts.values()) == fused.total
    assert list(fused.parts) == ["prior", "harmony", "melody", "rhythm"]


@given(st.floats(0.5, 80), st.floats(0.5, 80), st.floats(-0.9, 1))
@settings(max_examples=40, deadline=None)
def test_many_at_once_equal_one_by_one(calibration, harmony, melody, rhythm):
    raw = {"harmony": np.array([[harmony]]), "melody": np.array([[melody]]), "rhythm": np.array([[rhythm or 0.1]])}
    one = fuse.fuse(evidence(harmony=harmony, melody=melody, rhythm=rhythm or 0.1), calibration)
    assert fuse.log_odds(raw, calibration)[0, 0] == pytest.approx(one.total, abs=1e-9)


def test_a_cue_without_anything_to_measure_is_left_out(calibration):
    with_nothing = fuse.fuse(evidence(harmony=20.0, melody=9.0, rhythm=0.0), calibration)
    assert with_nothing.total == pytest.approx(fuse.fuse(evidence(harmony=20.0, melody=9.0), calibration).total)
    both = {cue: np.array([v]) for cue, v in {"harmony": 20.0, "melody": 9.0, "rhythm": 0.0}.items()}
    assert fuse.log_odds(both, calibration)[0] == pytest.approx(with_nothing.total)


def test_a_usual_value_speaks_neither_way(calibration):
    usual = float(calibration.nulls["harmony"].quantiles[200])
    assert fuse.fuse(evidence(harmony=usual), calibration).parts["harmony"] == pytest.approx(0.0)
    assert fuse.fuse(evidence(harmony=2 * usual), calibration).parts["harmony"] > 0


def test_calibration_fills_p_score_and_null(calibration):
    plain = evidence(harmony=20.0)[0]
    filled = calibration.apply(plain)
    assert filled.p_value == 1 / 1000
    assert filled.score == pytest.approx(1 / (1 + np.exp(8.0 - 3.0 * np.log(21.0))))
    assert filled.null.corpus == "drawn numbers"
    assert calibration.apply(replace(plain, cue="timbre")).score is None
    assert calibration.apply(replace(plain, raw=0.0)).p_value is None


def test_a_calibration_survives_its_file(calibration):
    again = Calibration.of_json(calibration.to_json())
    e = evidence(harmony=12.0, melody=8.0)
    assert fuse.fuse(e, again).total == pytest.approx(fuse.fuse(e, calibration).total, abs=1e-5)
    assert again.to_json() == calibration.to_json()


def test_a_broken_calibration_is_named(calibration):
    with pytest.raises(IntegrityError, match=r"x\.json is no calibration"):
        Calibration.of_json("{", source="x.json")
    data = json.loads(calibration.to_json()) | {"schema": "other/9"}
    with pytest.raises(IntegrityError, match="has schema 'other/9'"):
        Calibration.of_json(json.dumps(data))
    with pytest.raises(InputError, match="there is no calibration 'other-v9'"):
        calibrate.load("other-v9")


def test_the_shipped_calibration_knows_the_three_cues_in_every_combination():
    shipped = calibrate.load()
    assert set(shipped.nulls) == set(CUES)
    assert len(shipped.logistics) == 7
    for logistic in shipped.logistics.values():
        assert logistic.weights.get("harmony", 1.0) > 0
    assert all(null.n_pairs > 1000 for null in shipped.nulls.values())


def test_log_odds_are_found_again_from_drawn_pairs():
    rng = np.random.default_rng(440)
    values = rng.normal(size=20_000)
    versions = rng.random(20_000) < 1 / (1 + np.exp(1.0 - 2.0 * values))
    fitted = fit_logistic({"harmony": values}, versions, prior=float(versions.mean()))
    assert fitted.weights["harmony"] == pytest.approx(2.0, abs=0.1)
    assert fitted.intercept == pytest.approx(-1.0, abs=0.1)


def test_the_prior_moves_the_intercept_alone():
    rng = np.random.default_rng(440)
    values = rng.normal(size=4000)
    versions = rng.random(4000) < 1 / (1 + np.exp(-2.0 * values))
    even, rare = (fit_logistic({"melody": values}, versions, prior=p) for p in (0.5, 0.05))
    assert rare.intercept == pytest.approx(even.intercept + calibrate.log_odds_of(0.05), abs=0.35)
    assert rare.weights["melody"] == pytest.approx(even.weights["melody"], rel=0.15)


def test_one_kind_of_pairs_is_not_enough_to_fit():
    with pytest.raises(InputError, match="got only one of them"):
        fit_logistic({"harmony": [1.0, 2.0]}, [True, True], prior=0.5)


def test_relations(calibration):
    strong, weak = evidence(harmony=60.0, melody=40.0), evidence(harmony=5.0, melody=5.0)
    a, b, silent = recording("a"), recording("b"), recording("s", flags=("silence", "low_information"))
    assert fuse.judge(a, a, strong, (), calibration) == ("same recording", 1.0)
    assert fuse.judge(silent, silent, strong, (), calibration) == ("undecided", None)
    assert fuse.judge(a, b, evidence(harmony=0.0, melody=0.0), (), calibration) == ("undecided", None)
    relation, probability = fuse.judge(a, b, weak, (), calibration)
    assert relation == "unrelated"
    assert probability < 0.5
    assert fuse.judge(a, b, strong, (passage(0, 20),), calibration)[0] == "related passage"
    assert fuse.judge(a, b, strong, (passage(0, 60), passage(90, 150)), calibration)[0] == "version"


def test_overlapping_passages_count_once():
    assert fuse.shared((passage(0, 50), passage(25, 75), passage(30, 40)), 100.0, "query") == 0.75


def test_strength_of_arrays_and_numbers_agree():
    assert strength("harmony", np.array([3.0]))[0] == strength("harmony", 3.0)
    assert strength("rhythm", -0.25) == -0.25
