"""What is written can be read: melodies on the beats, as MusicXML and MIDI."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import versionmatch as vm
from versionmatch.scores.beat_grid import BeatGrid
from versionmatch.scores.midi import read_midi
from versionmatch.scores.midi_writing import midi_bytes
from versionmatch.scores.musicxml import read_musicxml
from versionmatch.scores.musicxml_writing import melody_musicxml
from versionmatch.scores.pieces import BAR, STRAIGHT, TRIPLET, bars
from versionmatch.scores.quantised import quantised
from versionmatch.scores.spelling import key_signature, signature_alters, spelled
from versionmatch.types import Annotation, Notes

STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
PLACES = {4: (0, 6, 12, 18), 3: (0, 8, 16)}


def instants(times):
    times = np.asarray(times, float)
    return Annotation("beats", times, np.zeros(times.size), ("",) * times.size, np.ones(times.size))


def melody(onset, duration, pitch):
    return Notes(np.asarray(onset, float), np.asarray(duration, float), np.asarray(pitch, float), np.ones(len(pitch)))


@st.composite
def rhythms(draw):
    """Onsets in 24ths of a quarter, each beat in sixteenths or in triplets; and a tempo that wavers."""
    units = []
    for beat in range(draw(st.integers(1, 12))):
        parts = draw(st.sampled_from([3, 4]))
        units += [24 * beat + u for u in draw(st.sets(st.sampled_from(PLACES[parts]), max_size=4))]
    steps = draw(st.lists(st.floats(0.35, 0.8), min_size=14, max_size=14))
    first = draw(st.floats(0.0, 2.0))
    return sorted(units) or [0], first + np.concatenate([[0.0], np.cumsum(steps)])


@given(rhythms(), st.integers(-6, 6))
def test_notes_on_the_grid_come_back_from_musicxml_where_they_were(rhythm, fifths):
    units, beats = rhythm
    grid = BeatGrid.of(instants(beats))
    onset = np.interp(np.array(units) / 24 + grid.lead, np.arange(grid.times_s.size), grid.times_s)
    lengths = np.append(np.diff(onset), 0.3)
    notes = melody(onset, lengths, 60 + np.arange(len(units)) % 13)
    key = next(
        k for k in (f"{n} major" for n in vm.units.PITCH_CLASSES) if key_signature(k)[0] in {fifths, fifths + 12}
    )
    score = read_musicxml(melody_musicxml(notes, instants(beats), key=key).encode())
    assert score.pitch.tolist() == notes.pitch.tolist()
    assert np.abs(score.onset_s - notes.onset_s).max() < 1e-6
    assert np.abs(score.duration_s - notes.duration_s)[:-1].max(initial=0) < 1e-6


@given(st.lists(st.tuples(st.floats(0.09, 1.5), st.floats(0.05, 1.0), st.integers(30, 90)), min_size=1, max_size=30))
def test_any_melody_fills_its_bars_with_signs_that_can_be_drawn(rows):
    onset = np.cumsum([gap for gap, _, _ in rows])
    room = np.append(np.diff(onset), 2.0)
    notes = melody(onset, np.minimum([d for _, d, _ in rows], room), [p for _, _, p in rows])
    written = quantised(notes, BeatGrid(np.arange(0, 60, 0.5)))
    assert (np.diff(written.onset) > 0).all()
    assert (written.onset + written.duration)[:-1].tolist() <= written.onset[1:].tolist()
    n_bars = -(-written.end // BAR)
    drawn = bars(written, n_bars)
    for number, bar in enumerate(drawn):
        assert sum(piece.length for piece in bar) == BAR
        assert [piece.start for piece in bar] == [
            BAR * number + sum(p.length for p in bar[:i]) for i in range(len(bar))
        ]
        assert all(piece.length in (TRIPLET if piece.triplet else STRAIGHT) for piece in bar)
    sounding = {i: sum(p.length for bar in drawn for p in bar if p.note == i) for i in range(len(written))}
    assert list(sounding.values()) == written.duration.tolist()


@given(st.lists(st.floats(0.02, 1.0), min_size=1, max_size=40), st.lists(st.floats(0.3, 1.2), min_size=2, max_size=30))
def test_midi_keeps_every_time_to_a_millisecond(gaps, steps):
    onset = np.cumsum(gaps)
    notes = melody(onset, np.append(np.diff(onset), 0.5), 60 + np.arange(onset.size) % 5)
    read = read_midi(midi_bytes(notes, instants(np.cumsum(steps)), key="F minor"))
    assert read.parts == ("Melody",)
    assert read.pitch.tolist() == notes.pitch.tolist()
    assert np.abs(read.onset_s - notes.onset_s).max() < 1e-3
    assert np.abs(read.duration_s - notes.duration_s).max() < 2e-3
    assert (read.keys[0].fifths, read.keys[0].mode) == (-4, "minor")


@given(st.integers(0, 127), st.integers(-7, 7))
def test_a_spelling_sounds_as_the_pitch_it_stands_for(pitch, fifths):
    letter, alter, octave = spelled(pitch, fifths)
    assert 12 * (octave + 1) + STEPS[letter] + alter == pitch
    assert abs(alter) <= 2


@pytest.mark.parametrize(("fifths", "scale"), [(0, "CDEFGAB"), (3, "ABCDEFG"), (-2, "BCDEFGA"), (6, "FGABCDE")])
def test_a_major_scale_is_spelled_without_accidentals(fifths, scale):
    tonic = 60 + 7 * fifths % 12
    notes = [spelled(tonic + step, fifths) for step in (0, 2, 4, 5, 7, 9, 11)]
    usual = signature_alters(fifths)
    assert "".join(letter for letter, _, _ in notes) == scale
    assert all(alter == usual.get(letter, 0) for letter, alter, _ in notes)


def test_a_leading_note_in_g_minor_is_f_sharp():
    assert spelled(66, key_signature("G minor")[0])[:2] == ("F", 1)


def test_three_even_notes_are_a_triplet_and_four_are_sixteenths():
    grid = BeatGrid(np.array([0.0, 1.0, 2.0, 3.0]))
    notes = melody([0, 0.32, 0.67, 1.0, 1.26, 1.49, 1.76], np.full(7, 0.2), range(60, 67))
    written = quantised(notes, grid)
    assert written.onset.tolist() == [0, 8, 16, 24, 30, 36, 42]
    assert dict(written.grids) == {0: 3, 1: 4}


def test_more_than_twelve_notes_in_a_beat_are_counted_and_left_out():
    notes = melody(np.arange(15) * 0.06, np.full(15, 0.05), np.full(15, 60))
    written = quantised(notes, BeatGrid(np.array([0.0, 1.0, 2.0])))
    assert (len(written), written.left_out) == (12, 3)


def test_bars_begin_at_the_first_beat_and_what_is_before_it_is_a_pickup():
    grid = BeatGrid.of(instants([1.0, 1.5, 2.0, 2.5, 3.0]))
    assert grid.lead == 2
    text = melody_musicxml(melody([1.0], [0.5], [60]), instants([1.0, 1.5, 2.0, 2.5, 3.0]))
    assert '<measure number="0" implicit="yes">' in text


def test_without_notes_and_beats_a_score_of_rests_is_written():
    text = melody_musicxml(None, None, title="<silence> & nothing")
    assert "&lt;silence&gt; &amp; nothing" in text
    assert "<pitch>" not in text


def test_music21_reads_notes_chords_and_key_as_written():
    music21 = pytest.importorskip("music21", reason="music21 is not installed; pip install 'versionmatch[train]'")
    beats = instants(np.arange(1.2, 20, 0.5))
    notes = melody(1.2 + np.arange(24) * 0.5 + (np.arange(24) % 3 == 1) / 6, np.full(24, 0.3), 60 + np.arange(24) % 11)
    labels = ("C:maj", "Bb:7", "F#:min7", "N", "D:dim")
    chords = Annotation("chords", 1.2 + 2.0 * np.arange(5), np.full(5, 2.0), labels, np.ones(5))
    text = melody_musicxml(notes, beats, key="B♭ major", chords=chords)
    read = music21.converter.parseData(text, format="musicxml").stripTies().flatten()
    assert [n.pitch.midi for n in read.notes if n.isNote] == notes.pitch.astype(int).tolist()
    assert [h.figure for h in read.getElementsByClass("ChordSymbol")][:3] == ["C", "B-7", "F#m7"]
    assert [k.sharps for k in read.getElementsByClass("KeySignature")] == [-2]


@pytest.mark.parametrize("meter", ["4/4", "3/4", "6/8"])
def test_a_score_that_is_exported_and_read_again_has_the_same_notes(meter):
    bars = "G2AB c3d|e2d2 c/B/A/G/ G2|GABc d4|" if meter == "6/8" else "G2AB c3d|e2d2 (3cBA G2|GABc d4|"
    tune = f"X:1\nT:Round\nM:{meter}\nL:1/8\nQ:1/4=100\nK:G\n{bars}"
    track = vm.features(tune.encode(), "notes")
    for again in (
        read_musicxml(melody_musicxml(track["notes"], track["beats"], key=track["key"].labels[0]).encode()),
        read_midi(midi_bytes(track["notes"], track["beats"])),
    ):
        assert again.pitch.tolist() == track["notes"].pitch.tolist()
        assert np.abs(again.onset_s - track["notes"].onset_s).max() < 1e-3
        assert np.abs(again.duration_s - track["notes"].duration_s).max() < 2e-3
