"""The rhythm of a melody: free of pitch and tempo, rare rhythms above common ones, counted as the corpus has them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from versionmatch.errors import InputError, IntegrityError
from versionmatch.rhythmic import MelodyRhythm, figure_likeness, load, rarest, shared_rhythm, syncopation
from versionmatch.rhythmic.metre import metre_difference, places
from versionmatch.rhythmic.shared import surprise
from versionmatch.rhythmic.statistics import code_of
from versionmatch.rhythmic.tune import ratios, windows_of
from versionmatch.types import Annotation, Notes

DOTTED = [0, 1.5, 2, 3.5, 4, 4.75, 5, 7, 8, 9.5, 10, 11, 11.25, 12]
EVEN = list(range(14))


def of(onsets):
    return MelodyRhythm.of_beats(onsets)


@given(st.floats(0.3, 3.0), st.floats(0, 5))
@settings(deadline=None)
def test_tempo_and_start_do_not_matter_in_seconds(tempo, start):
    seconds = np.array(DOTTED)
    off = np.full(seconds.size, np.nan)
    a, b = MelodyRhythm(seconds, off), MelodyRhythm(start + tempo * seconds, off)
    assert ratios(a)[0].tolist() == ratios(b)[0].tolist()
    assert shared_rhythm(a, b).weight == shared_rhythm(a, a).weight


def test_the_same_rhythm_in_other_notation_is_the_same():
    whole = shared_rhythm(of(DOTTED), of(DOTTED))
    assert (whole.a_start, whole.a_end) == (0, len(DOTTED))
    for factor in (2.0, 1 / 3):  # in sixths and twelfths of a beat; 1/2 would need places that there are not
        found = shared_rhythm(of(DOTTED), of(factor * np.array(DOTTED)))
        assert found.weight == pytest.approx(whole.weight)


def test_rows_of_even_notes_say_little_and_dotted_ones_much():
    even, dotted = shared_rhythm(of(EVEN), of(EVEN)), shared_rhythm(of(DOTTED), of(DOTTED))
    assert even.weight < 0.6 * dotted.weight


def test_surprises_are_those_of_a_distribution():
    codes = np.arange(13, dtype=np.int32)
    for before in (6, 2):
        after = [float(np.exp(-surprise(np.array([before, c], np.int32))[1])) for c in codes]
        assert sum(after) == pytest.approx(1.0)


@given(st.lists(st.sampled_from([0.25, 0.5, 0.75, 1, 1.5, 2]), min_size=3, max_size=40), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_nobody_shares_more_with_a_rhythm_than_itself(waits, seed):
    own = of(np.cumsum([0, *waits]))
    other = of(np.cumsum([0, *np.random.default_rng(seed).permutation(waits)]))
    there, back = shared_rhythm(own, other), shared_rhythm(other, own)
    assert there.weight <= shared_rhythm(own, own).weight + 1e-4
    assert there.weight == pytest.approx(back.weight, abs=1e-4)
    assert 0 <= figure_likeness(own, other) <= 1 + 1e-9


def test_a_borrowed_rhythm_is_found_where_it_stands():
    borrowed = np.concatenate([np.arange(10), 10 + np.array(DOTTED), 23 + np.arange(10)])
    found = shared_rhythm(of(DOTTED), of(borrowed))
    assert found.a_end - found.a_start >= len(DOTTED) - 1
    assert 9 <= found.b_start <= 11
    assert 23 <= found.b_end <= 26


def test_the_beats_take_rubato_out():
    times = np.cumsum([0, *np.linspace(0.4, 0.9, 16)])  # a ritardando, each beat slower
    beats = Annotation("beats", times, np.zeros(17), ("",) * 17, np.ones(17))
    onset_s = np.interp(DOTTED, np.arange(17), times)
    notes = Notes(onset_s, np.full(14, 0.1), np.full(14, 60.0), np.ones(14))
    heard = MelodyRhythm.of_notes(notes, beats)
    assert heard.on_beats
    assert ratios(heard)[0].tolist() == ratios(of(DOTTED))[0].tolist()


def test_without_beats_or_beside_them_seconds_are_read():
    notes = Notes(np.array(DOTTED), np.full(14, 0.1), np.full(14, 60.0), np.ones(14))
    none = Annotation("beats", [], [], (), [])
    early = Annotation("beats", [0.0, 1.0, 2.0], [0] * 3, ("",) * 3, [1] * 3)
    for beats in (none, early):
        heard = MelodyRhythm.of_notes(notes, beats)
        assert not heard.on_beats
        assert windows_of(heard)[0].size == 0
        assert shared_rhythm(heard, of(DOTTED)).a_end == len(DOTTED)


def test_too_few_notes_share_nothing():
    for few in ([], [0], [0, 1]):
        assert shared_rhythm(of(few), of(DOTTED)).weight == 0
        assert figure_likeness(of(few), of(DOTTED)) == 0


def test_four_even_beats_are_common_and_the_rarest_bar_is_named():
    known = load()
    assert known.common([0, 1, 2, 3])[0] > known.common([0, 0.75, 1.5, 2.5, 3])[0]
    assert known.common([0, 0.5, 1, 1.5], beats=2)[0] > 1000
    found = shared_rhythm(of(DOTTED), of(DOTTED))
    onsets, n_with, n_works = rarest(of(DOTTED), of(DOTTED), found)
    assert (n_with, n_works) == known.common(onsets)
    assert all(n_with <= known.common(_window(start))[0] for start in range(9))


def _window(start):
    return [x - start for x in DOTTED if start <= x < start + 4]


def test_codes_hold_what_windows_hold():
    codes, starts = windows_of(of(DOTTED))
    assert {int(s): int(c) for c, s in zip(codes, starts, strict=True)}[4] == code_of([0, 0.75, 1, 3], 4)


def test_syncopation_by_the_textbook():
    assert syncopation(of([0, 1, 1.5, 2, 2.5, 3])) == 0  # on the beat and its halves, none held over
    assert syncopation(of([0.5, 1.5, 2.5, 3.5])) == 1  # each on the off-beat, held over the beat
    assert metre_difference(places(of(EVEN)), places(of([0.5, 1.5, 2.5]))) == 1


def test_what_is_asked_wrongly_is_named(tmp_path):
    with pytest.raises(InputError, match=r"rhythms of 2 or 4 beats are counted; got 3"):
        code_of([0], 3)
    with pytest.raises(InputError, match=r"begin at 0 or later and before 2; got \[2\.0\]"):
        code_of([2.0], 2)
    with pytest.raises(InputError, match=r"one after the other"):
        MelodyRhythm(np.array([1.0, 1.0]), np.zeros(2))
    with pytest.raises(InputError, match=r"no rhythm statistics 'mine'.*rhythm-statistics-v1"):
        load("mine")
    (tmp_path / "statistics.json").write_text('{"schema": "other/1"}')
    (tmp_path / "rhythms.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    with pytest.raises(IntegrityError, match=r"has the schema 'other/1'"):
        load(str(tmp_path))
