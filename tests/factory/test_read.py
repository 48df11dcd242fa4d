"""Readers of the collections, on small scores written here in their formats."""

import numpy as np
import pytest

from versionmatch.errors import InputError
from versionmatch.factory.read import midi_tracks, read_collection
from versionmatch.factory.work import chord_mask

mido = pytest.importorskip("mido")
pytest.importorskip("music21")

ABC = """X: 1
T:Test
M:4/4
K:G
"G"GABc "D7"d2 dd|"C"edcB "G"G4|"G"GABc "D7"d2 dd|"C"edcB "G"G4|

X: 2
T:Too short
M:4/4
K:C
CDEF|
"""

LEAD_SHEET = """<?xml version="1.0"?>
<score-partwise version="3.1"><part-list><score-part id="P1"><part-name>M</part-name></score-part></part-list>
<part id="P1">{measures}</part></score-partwise>
"""
NOTE = "<note><pitch><step>{0}</step><octave>4</octave></pitch><duration>1</duration><type>quarter</type></note>"
HARMONY = "<harmony><root><root-step>{0}</root-step></root><kind>{1}</kind></harmony>"
ATTRIBUTES = "<attributes><divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes>"


def write_midi(path, tracks, *, tempo=500_000):
    midi = mido.MidiFile(ticks_per_beat=480)
    for number, (name, notes) in enumerate(tracks.items()):
        track = mido.MidiTrack()
        track.name = name
        if number == 0:
            track.append(mido.MetaMessage("set_tempo", tempo=tempo))
        events = sorted(
            [(on, 1, "note_on", p) for on, _, p in notes] + [(on + length, 0, "note_off", p) for on, length, p in notes]
        )
        now = 0
        for tick, _, kind, pitch in events:
            track.append(mido.Message(kind, note=pitch, velocity=80, time=tick - now))
            now = tick
        midi.tracks.append(track)
    midi.save(path)


def test_midi_notes_come_in_seconds_by_their_tempo(tmp_path):
    write_midi(tmp_path / "a.mid", {"lead": [(0, 480, 60), (480, 240, 64)]}, tempo=1_000_000)
    np.testing.assert_allclose(midi_tracks(tmp_path / "a.mid")["lead"], [[0, 1, 60], [1, 0.5, 64]])


def test_a_tune_of_quavers_is_read_in_quarter_notes_and_harmonised(tmp_path):
    pitches = [60, 62, 64, 65, 67, 65, 64, 62] * 4
    write_midi(tmp_path / "TestReelThe.mid", {"tune": [(240 * i, 240, p) for i, p in enumerate(pitches)]})
    (work,) = read_collection("cre", tmp_path)
    assert work.id == "cre/TestReelThe"
    assert work.bar == 4.0
    np.testing.assert_allclose(np.diff(work.melody[:, 0]), 0.5)
    assert work.length == 16.0
    assert len(work.chords)


def test_abc_brings_melody_and_chords_and_leaves_out_what_is_too_short(tmp_path):
    (tmp_path / "set.abc").write_text(ABC, encoding="utf-8")
    (work,) = read_collection("nottingham", tmp_path)
    assert work.melody[:4, 2].tolist() == [67, 69, 71, 72]
    assert work.chords[0, 2:].tolist() == [7, 7, chord_mask([7, 11, 2])]
    assert work.chords[1, 2:].tolist() == [2, 2, chord_mask([2, 6, 9, 0])]
    assert work.chords[:, 1].sum() == work.length == 16.0


def test_a_lead_sheet_of_the_thirties_is_passed_over(tmp_path):
    measures = "".join(
        f'<measure number="{i}">{ATTRIBUTES if i == 1 else ""}{HARMONY.format("C", "major")}'
        f"{''.join(NOTE.format(s) for s in 'CEGE')}</measure>"
        for i in range(1, 6)
    )
    for name in ("Danny_Boy", "Summertime"):
        folder = tmp_path / "Somebody" / name
        folder.mkdir(parents=True)
        _write_mxl(folder / f"{name}.mxl", LEAD_SHEET.format(measures=measures))
    works = list(read_collection("openewld", tmp_path))
    assert [work.id for work in works] == ["openewld/Danny_Boy"]
    assert works[0].melody[:4, 2].tolist() == [60, 64, 67, 64]
    assert (works[0].chords[:, 4] == chord_mask([0, 4, 7])).all()


def _write_mxl(path, text):
    import zipfile

    container = '<?xml version="1.0"?><container><rootfiles><rootfile full-path="s.xml"/></rootfiles></container>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("s.xml", text)


def test_pop909_brings_its_parts_in_beats_of_its_own_annotation(tmp_path):
    song = tmp_path / "001"
    song.mkdir()
    melody = [(480 * i, 480, 60 + i % 5) for i in range(32)]
    write_midi(song / "001.mid", {"MELODY": melody, "PIANO": [(0, 960, 48), (960, 960, 43)]})
    (song / "beat_midi.txt").write_text("".join(f"{0.5 * i} {int(i % 4 == 0)} 0\n" for i in range(33)))
    (song / "chord_midi.txt").write_text("0.0 8.0 C:maj\n8.0 12.0 N\n12.0 16.0 A:min/b3\n")
    (work,) = read_collection("pop909", tmp_path)
    assert work.bpm == pytest.approx(120)
    assert set(work.parts) == {"piano"}
    np.testing.assert_allclose(work.melody[:, 0], np.arange(32), atol=1e-5)
    np.testing.assert_allclose(work.chords[:, :4], [[0, 16, 0, 0], [24, 8, 9, 0]], atol=1e-5)


def test_an_unknown_collection_lists_the_known_ones(tmp_path):
    with pytest.raises(InputError, match=r"collection 'wikifonia'; there are: pop909, openewld"):
        read_collection("wikifonia", tmp_path)
