"""The counts that are shipped."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from versionmatch.errors import InputError, IntegrityError
from versionmatch.harmonic import Progression
from versionmatch.harmonic.alignment import PARAMETERS
from versionmatch.harmonic.codes import kind_of
from versionmatch.harmonic.statistics import load

MODEL = Path(__file__).resolve().parents[2] / "models" / "harmony-statistics-v1"


def common(text):
    return load().common(Progression.of(text.split()))


def test_the_statistics_are_small_and_whole():
    assert sum(p.stat().st_size for p in MODEL.iterdir()) < 400_000
    known = load()
    assert sum(known.provenance["works"].values()) == known.n_works
    for codes, counts in known.tables.values():
        assert (np.diff(codes.astype(np.int64)) > 0).all()
        assert counts.max() <= known.n_works


def test_chance_was_fitted_with_the_alignment_as_it_is():
    assert load().chance["parameters"] == dict(PARAMETERS)


def test_a_longer_progression_is_in_no_more_works_than_its_beginning():
    turn = ["F", "G", "Em", "Am", "Dm", "G"]
    works = [load().common(Progression.of(turn[:n]))[0] for n in range(2, 7)]
    assert works == sorted(works, reverse=True)
    assert works[-1] > 20  # a turn of pop songs


def test_cadences_are_common_and_chromatic_turns_are_not():
    assert common("G:7 C")[0] > common("Dm G:7 C")[0] > 1000
    assert common("C F#:7 Dm Eb")[0] <= 1
    assert common("C Am F G") == common("Eb:maj7 C:min7 Ab Bb:7")


def test_what_is_no_figure_is_named():
    with pytest.raises(InputError, match="2 to 6 distinct chords in a row; got 1 chords"):
        common("C C:7")
    with pytest.raises(InputError, match="got 2 stretches"):
        common("C F N G C")
    with pytest.raises(InputError, match="2 to 6 distinct chords in a row; got 7"):
        kind_of(7)


def test_the_rarest_turn_of_a_song_is_found():
    song = Progression.of(["C", "F", "G", "C", "F", "G", "C", "F#:7", "Dm", "Eb", "C", "F", "G", "C"])
    count, start = load().rarest(song)
    assert count <= 1
    assert 4 <= start <= 9
    assert load().rarest(Progression.of(["C", "F"])) is None


def test_unknown_and_broken_statistics_are_named(tmp_path):
    with pytest.raises(InputError, match="no harmony statistics 'none-v1'"):
        load("none-v1")
    shutil.copytree(MODEL, tmp_path / "m")
    about = json.loads((tmp_path / "m/statistics.json").read_text())
    (tmp_path / "m/statistics.json").write_text(json.dumps({**about, "schema": "other"}))
    with pytest.raises(IntegrityError, match="schema 'other'"):
        load(str(tmp_path / "m"))
