"""The statistics that are shipped, and the score that is weighed with them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from versionmatch.errors import InputError, IntegrityError
from versionmatch.melodic import Tune
from versionmatch.melodic.codes import codes_of, kind_of
from versionmatch.melodic.score import melody_score, sketch
from versionmatch.melodic.statistics import load

MODEL = Path(__file__).resolve().parents[2] / "models" / "melody-statistics-v1"
TUNE = [67, 67, 69, 67, 72, 71, 67, 67, 69, 67, 74, 72, 67, 67, 79, 76, 72, 71, 69]


def walk(seed, n=40):
    rng = np.random.default_rng(seed)
    scale = np.array([0, 2, 4, 5, 7, 9, 11])
    steps = np.cumsum(rng.choice([-2, -1, -1, 1, 1, 2], size=n))
    return Tune(60 + 12 * (steps // 7) + scale[steps % 7], np.arange(n) / 2, np.full(n, 0.5))


def test_the_statistics_are_small_and_whole():
    assert sum(p.stat().st_size for p in MODEL.iterdir()) < 1_000_000
    known = load()
    for codes, counts in known.tables.values():
        assert (np.diff(codes.astype(np.int64)) > 0).all()
        assert counts.max() <= known.n_tunes


def test_a_longer_figure_is_in_no_more_tunes_than_its_beginning():
    known = load()
    tunes = [known.common(Tune(TUNE[:n]))[0] for n in range(3, 8)]
    assert tunes == sorted(tunes, reverse=True)


def test_codes_are_digits_of_intervals():
    assert codes_of(Tune([60, 59, 61]), "intervals-2").tolist() == [11 * 25 + 14]
    assert codes_of(Tune([60, 62], [0, 1], [1, 2]), "timed-1").tolist() == [14 * 3 + 2]
    with pytest.raises(InputError, match="1 to 6 intervals; got 7"):
        kind_of(7, octaves=True, timed=False)


def test_unknown_and_broken_statistics_are_named(tmp_path):
    with pytest.raises(InputError, match="no melody statistics 'none-v1'"):
        load("none-v1")
    shutil.copytree(MODEL, tmp_path / "m")
    about = json.loads((tmp_path / "m/statistics.json").read_text())
    (tmp_path / "m/statistics.json").write_text(json.dumps({**about, "schema": "other"}))
    with pytest.raises(IntegrityError, match="schema 'other'"):
        load(str(tmp_path / "m"))


def test_a_tune_in_another_key_is_rarely_matched_by_unrelated_ones():
    found = melody_score(Tune(TUNE), Tune([p + 4 for p in TUNE]))
    assert found.p_value < 0.005
    assert min(found.z.values()) > 3


def test_rhythm_counts_where_both_have_it():
    timed, bare = walk(1), Tune(walk(1).pitches)
    assert "ornamented" in melody_score(timed, timed).z
    assert "ornamented" not in melody_score(timed, bare).z


def test_two_walks_up_and_down_a_scale_are_no_evidence():
    shares = [melody_score(walk(2 * k), walk(2 * k + 1)).p_value for k in range(40)]
    assert np.median(shares) > 0.05


def test_a_sketch_gives_what_its_tune_gives():
    a, b = walk(1), walk(2)
    assert melody_score(sketch(a), sketch(b)) == melody_score(a, b)


def test_too_short_a_tune_gives_no_evidence():
    found = melody_score(Tune([60, 62]), Tune(TUNE))
    assert (found.p_value, found.log_odds) == (1.0, -np.inf)
