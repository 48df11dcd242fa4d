"""What each notation can write: ties, tuplets, meters, keys, transposing instruments, chords, parts."""

import mido
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scores.written import attributes, midi, musicxml, note, played
from versionmatch.scores.abc_tune import read_abc
from versionmatch.scores.kern import read_kern
from versionmatch.scores.midi import read_midi
from versionmatch.scores.musicxml import read_musicxml
from versionmatch.scores.score import KeySignature, Meter, Symbol, Tempo
from versionmatch.scores.table import read_table

SCALE = [60, 62, 64, 65, 67, 69, 71, 72]

notes_of_a_track = st.lists(st.tuples(st.integers(0, 96), st.integers(1, 24), st.integers(0, 127)), min_size=1)


@given(notes_of_a_track)
def test_midi_gives_back_the_notes_that_were_written(rows):
    ends = {}
    kept = []
    for onset, length, pitch in sorted(rows):  # one key of an instrument can be struck again only after its end
        if onset >= ends.get(pitch, 0):
            kept.append((onset / 24, length / 24, pitch))
            ends[pitch] = onset + length
    score = read_midi(midi([played(kept)]))
    found = sorted(zip(score.onset_q, score.duration_q, score.pitch, strict=True))
    np.testing.assert_allclose(found, sorted(kept), atol=1e-9)


def test_a_tempo_change_moves_what_comes_after_it():
    slow = [mido.MetaMessage("set_tempo", tempo=500_000), mido.MetaMessage("set_tempo", tempo=1_000_000, time=960)]
    score = read_midi(midi([slow, played([(i, 1, 60 + i) for i in range(4)])]))
    assert score.onset_s.tolist() == [0, 0.5, 1, 2]
    assert score.tempi == (Tempo(0, 120), Tempo(2, 60))


def test_tracks_and_channels_are_parts_and_drums_are_none():
    tracks = [
        played([(0, 1, 72)], name="Melody"),
        played([(0, 1, 48)], channel=1),
        played([(0, 1, 36)], channel=9, name="Drums"),
    ]
    score = read_midi(midi(tracks))
    assert score.parts == ("Melody", "channel 2")
    assert score.pitch.tolist() == [72, 48]


def test_running_status_and_a_note_on_without_velocity_end_notes():
    track = bytes([0, 0x90, 60, 64, 96, 60, 0, 0, 62, 64, 96, 62, 0, 0, 0xFF, 0x2F, 0])
    head = b"MThd" + bytes([0, 0, 0, 6, 0, 0, 0, 1, 0, 96])
    score = read_midi(head + b"MTrk" + len(track).to_bytes(4, "big") + track)
    assert (score.onset_q.tolist(), score.duration_q.tolist()) == ([0, 1], [1, 1])


def test_midi_keys_and_meters_are_read_and_its_empty_c_major_is_not():
    said = [
        mido.MetaMessage("key_signature", key="C"),
        mido.MetaMessage("time_signature", numerator=6, denominator=8),
        mido.MetaMessage("key_signature", key="F#m", time=480),
    ]
    score = read_midi(midi([said, played([(0, 1, 60)])]))
    assert (score.keys, score.meters) == ((KeySignature(1, 3, "minor"),), (Meter(0, 6, 8),))


def test_a_clarinet_in_b_flat_sounds_a_tone_lower_and_so_does_its_key():
    moved = "<key><fifths>2</fifths></key><transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose>"
    score = read_musicxml(musicxml(("Clarinet in Bb", [attributes(1, moved) + note("D5", 1)])))
    assert score.pitch.tolist() == [72]
    assert score.keys == (KeySignature(0, 0),)


def test_musicxml_chords_voices_grace_notes_and_rests():
    bar = (
        attributes(2)
        + note("C5", 4)
        + "<backup><duration>4</duration></backup>"
        + note("E4", 2)
        + note("G4", 2, chord=True)
        + "<note><grace/><pitch><step>B</step><octave>4</octave></pitch></note>"
        + "<note><rest/><duration>1</duration></note>"
        + note("F4", 1)
    )
    score = read_musicxml(musicxml(("Piano", [bar, note("D5", 2)])))
    rows = list(zip(score.onset_q, score.duration_q, score.pitch, strict=True))
    assert rows == [(0, 1, 64), (0, 1, 67), (0, 2, 72), (1.5, 0.5, 65), (2, 1, 74)]


def test_musicxml_harmony_tempo_mark_and_meter():
    bar = (
        attributes(
            1, "<key><fifths>-3</fifths><mode>minor</mode></key><time><beats>6</beats><beat-type>8</beat-type></time>"
        )
        + "<direction><direction-type><metronome><beat-unit>quarter</beat-unit><beat-unit-dot/>"
        + "<per-minute>60</per-minute></metronome></direction-type></direction>"
        + "<harmony><root><root-step>E</root-step><root-alter>-1</root-alter></root>"
        + "<kind>major-seventh</kind></harmony>"
        + note("C4", 3)
        + "<harmony><root><root-step>C</root-step></root><kind>minor</kind></harmony>"
        + note("C4", 3)
    )
    score = read_musicxml(musicxml(("P", [bar])))
    assert score.symbols == (Symbol(0, "Eb:maj7"), Symbol(3, "C:min"))
    assert score.tempi == (Tempo(0, 90),)
    assert score.keys == (KeySignature(0, -3, "minor"),)
    assert score.meters[0].beat_q == 1.5


def test_musicxml_timewise_is_partwise_turned_round():
    inside = f'<part id="P0">{attributes(1)}{note("C4", 1)}</part><part id="P1">{attributes(1)}{note("C3", 1)}</part>'
    more = f'<part id="P0">{note("D4", 1)}</part><part id="P1">{note("B2", 1)}</part>'
    text = f"<score-timewise><measure>{inside}</measure><measure>{more}</measure></score-timewise>"
    assert read_musicxml(text.encode()).pitch.tolist() == [60, 48, 62, 47]


def test_abc_scale_accidentals_and_octaves():
    assert read_abc("X:1\nL:1/4\nK:C\nCDEF|GABc|").pitch.tolist() == SCALE
    score = read_abc("X:1\nL:1/4\nK:D\nF ^G =F f | F, f' |")
    assert score.pitch.tolist() == [66, 68, 65, 77, 54, 90]


def test_abc_lengths_tuplets_broken_rhythm_and_chords():
    score = read_abc('X:1\nM:4/4\nL:1/8\nK:C\n"Am"A2 (3ABc A>B|[CEG]4 "G7"z2 {d}G/G/ !trill!c3/2|]')
    lengths = [1, 1 / 3, 1 / 3, 1 / 3, 0.75, 0.25, 2, 2, 2, 0.25, 0.25, 0.75]
    np.testing.assert_allclose(score.duration_q, lengths)
    assert score.symbols == (Symbol(0, "A:min"), Symbol(5, "G:7"))


def test_abc_voices_keys_within_lines_and_modes():
    head = 'X:1\nT:Two\nC:Trad.\nM:3/4\nL:1/4\nQ:1/4=90\nV:1 name="Soprano"\nV:2\nK:Ador\n'
    score = read_abc(head + "[V:1]FGA|[K:F]Bcd|\n[V:2]A,2F,|G,3|\n")
    assert score.parts == ("Soprano", "2")
    assert score.pitch[score.part == 0].tolist() == [66, 67, 69, 70, 72, 74]
    assert score.pitch[score.part == 1].tolist() == [57, 54, 55]
    assert (score.title, score.composer, score.tempi) == ("Two", "Trad.", (Tempo(0, 90),))
    assert score.keys == (KeySignature(0, 1, ""), KeySignature(3, -1, "major"))


def test_repeats_stand_once_with_both_their_endings():
    score = read_abc("X:1\nL:1/4\nK:C\n|:CD|1 E2:|2 F2|]")
    assert score.pitch.tolist() == [60, 62, 64, 65]


def test_kern_parts_splits_ties_and_grace_notes():
    text = (
        '**kern\t**kern\t**dynam\n*Ibass\t*I"Violin\t*\n*F:\t*F:\t*\n*M3/4\t*M3/4\t*\n*\t*^\t*\n'
        "2.FF\t4a\t4cc 4ff\tp\n.\t8b-\t[2dd\t.\n.\t8cc\t.\t.\n.\t4a\t.\t.\n=\t=\t=\t=\n"
        ".\tqgg\t.\t.\n2.C\t4g\t4dd]\tf\n*\t*v\t*v\t*\n.\t2ee;\t.\n*-\t*-\t*-\n"
    )
    score = read_kern(text)
    bass, violin = (score.pitch[score.part == p].tolist() for p in (0, 1))
    assert (bass, violin) == ([41, 48], [69, 72, 77, 70, 74, 72, 69, 67, 76])
    tied = score.duration_q[(score.pitch == 74)]
    assert tied.tolist() == [3]
    assert score.parts == ("part 1", "Violin")
    assert (score.keys, score.meters) == ((KeySignature(0, -1, "major"),), (Meter(0, 3, 4),))


def test_kern_tuplets_and_dots_fill_their_bar():
    score = read_kern("**kern\n*MM60\n6c\n6d\n6e\n4.f\n8g\n*-\n")
    np.testing.assert_allclose(score.onset_s, [0, 2 / 3, 4 / 3, 2, 3.5])


@pytest.mark.parametrize("header", ["onset,duration,pitch", "Onset_s, duration_s ,Pitch_midi", "pitch,onset,duration"])
def test_a_table_of_notes_may_have_its_columns_in_any_order(header):
    row = "60,0.5,1" if header.startswith("pitch") else "0.5,1,60"
    score = read_table(f"{header}\n{row}\n")
    assert (score.onset_s.tolist(), score.duration_s.tolist(), score.pitch.tolist()) == ([0.5], [1], [60])


def test_a_table_may_have_parts():
    score = read_table("onset,offset,pitch,velocity,part\n0,1,60,90,bass\n0,1,72,90,voice\n1,2,59,90,bass\n")
    assert score.parts == ("bass", "voice")
    assert score.part.tolist() == [0, 1, 0]
