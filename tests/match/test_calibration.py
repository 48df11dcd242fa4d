import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from versionmatch.errors import InputError, IntegrityError
from versionmatch.match import calibrate, fuse
from versionmatch.match.calibrate import Calibration, Logistic, fit_logistic
from versionmatch.match.null import null_of, p_value
from versionmatch.params import FUSED
from versionmatch.types import Evidence, Passage, Recording, Span

CUES = ("harmony", "melody", "rhythm")


@pytest.fixture(scope="module")
def calibration():
    rng = np.random.default_rng(440)
    nulls = {cue: null_of("drawn numbers", rng.normal(5, 1, 999)) for cue in CUES}
    both = {"harmony": 2.5, "harmony:chance": 0.5, "melody": 1.0}
    logistics = {
        "harmony": Logistic(-4.0, {"harmony": 3.0, "harmony:chance": 0.5}),
        "melody": Logistic(-3.0, {"melody": 2.0}),
        "harmony+melody": Logistic(-3.0, both),
        "harmony+melody+rhythm": Logistic(-3.5, both | {"rhythm": 0.5}),
    }
    usual = {"harmony": (3.5, 3.6), "melody": (3.2, 3.2), "rhythm": (0.4, 0.0)}
    return Calibration("test", 0.2, nulls, logistics, usual, {"harmony": 1.0, "melody": 0.5, "rhythm": 0.2}, {})


def keyed(cue: str, rng, key: int = 0, longest: float = 60.0) -> Evidence:
    """Evidence with strengths in all keys, as the cues give it."""
    strengths = np.log(rng.uniform(8, 14, 12))
    strengths[key] = np.log(longest)
    details = {f"key_{k}": float(v) for k, v in enumerate(strengths)} | {"chance": 2.5}
    return Evidence(cue, float(np.exp(strengths.max() - 2.5)), "unit", transposition=key, details=details)


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


def test_cues_are_added_in_the_key_that_suits_them_best_together(calibration):
    rng = np.random.default_rng(440)
    agreeing = [keyed("harmony", rng, key=4), keyed("melody", rng, key=4)]
    at_odds = [agreeing[0], keyed("melody", rng, key=9)]
    assert fuse.fuse(agreeing, calibration).transposition == fuse.fuse(at_odds, calibration).transposition == 4
    assert fuse.fuse(agreeing, calibration).total > fuse.fuse(at_odds, calibration).total + 1.0


def test_where_strength_and_chance_grow_alike_nothing_changes(calibration):
    rng = np.random.default_rng(440)
    short = keyed("melody", rng)
    longer = {k: v + 1.0 for k, v in short.details.items()} | {"chance": short.details["chance"] + 1.0}
    assert fuse.fuse([short], calibration).total == pytest.approx(
        fuse.fuse([replace(short, details=longer)], calibration).total
    )


def test_a_cue_without_anything_to_measure_is_left_out(calibration):
    with_nothing = fuse.fuse(evidence(harmony=20.0, melody=9.0, rhythm=0.0), calibration)
    assert with_nothing.total == pytest.approx(fuse.fuse(evidence(harmony=20.0, melody=9.0), calibration).total)


def test_a_usual_pair_speaks_neither_way(calibration):
    strength, chance = calibration.usual["harmony"]
    usual = float(np.exp(strength - chance))
    assert fuse.fuse(evidence(harmony=usual), calibration).parts["harmony"] == pytest.approx(0.0)
    assert fuse.fuse(evidence(harmony=2 * usual), calibration).parts["harmony"] > 0


def test_calibration_fills_p_score_and_null(calibration):
    plain = evidence(harmony=20.0)[0]
    filled = calibration.apply(plain)
    assert filled.p_value == 1 / 1000
    assert filled.score == pytest.approx(1 / (1 + np.exp(4.0 - 3.0 * np.log(20.0) + 0.5 * 3.6)))
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


def test_the_shipped_calibration_knows_all_cues_in_every_combination():
    shipped = calibrate.load()
    assert set(shipped.nulls) == set(FUSED)
    assert len(shipped.logistics) == 31
    for logistic in shipped.logistics.values():
        assert logistic.weights.get("harmony", 1.0) > 0
        assert min(logistic.weights.values()) >= 0
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
    assert rare.intercept == pytest.approx(even.intercept + float(np.log(0.05 / 0.95)), abs=0.35)
    assert rare.weights["melody"] == pytest.approx(even.weights["melody"], rel=0.15)


def test_one_kind_of_pairs_is_not_enough_to_fit():
    with pytest.raises(InputError, match="got only one of them"):
        fit_logistic({"harmony": [1.0, 2.0]}, [True, True], prior=0.5)


def test_relations(calibration):
    strong, weak = evidence(harmony=6.0, melody=5.0), evidence(harmony=1.1, melody=1.1)
    a, b, silent = recording("a"), recording("b"), recording("s", flags=("silence", "low_information"))
    assert fuse.judge(a, a, strong, (), calibration) == ("same recording", 1.0)
    assert fuse.judge(silent, silent, strong, (), calibration) == ("undecided", None)
    assert fuse.judge(a, b, evidence(harmony=0.0, melody=0.0), (), calibration) == ("undecided", None)
    relation, probability = fuse.judge(a, b, weak, (), calibration)
    assert relation == "unrelated"
    assert probability < 0.5
    assert fuse.judge(a, b, strong, (passage(0, 20),), calibration)[0] == "related passage"
    assert fuse.judge(a, b, strong, (passage(0, 60), passage(90, 150)), calibration)[0] == "version"


def test_without_a_passage_to_show_more_certainty_is_asked_for(calibration):
    a, b = recording("a"), recording("b")
    found = {h: fuse.judge(a, b, evidence(harmony=h, melody=h), (), calibration) for h in np.linspace(1.0, 8.0, 141)}
    for relation, probability in found.values():
        wanted = "version" if probability >= fuse.SURE else "undecided" if probability >= fuse.LIKELY else "unrelated"
        assert relation == wanted
    assert {relation for relation, _ in found.values()} == {"version", "undecided", "unrelated"}


@given(st.floats(0.001, 0.999), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_another_prior_multiplies_the_odds(probability, supposed, prior):
    def odds(p):
        return p / (1 - p)

    found = calibrate.at_prior(probability, supposed, prior)
    assert odds(found) == pytest.approx(odds(probability) * odds(prior) / odds(supposed), rel=1e-6)
    assert calibrate.at_prior(found, prior, supposed) == pytest.approx(probability, rel=1e-6)
