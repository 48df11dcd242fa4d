"""Each file is read back by something that is not ours: a parser of its own, the stdlib, or the format's package."""

import bz2
import csv
import itertools
import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import jams as jams_package
import numpy as np
import pytest
import soundfile

from versionmatch.errors import InputError
from versionmatch.export.audacity import AudacityExporter
from versionmatch.export.jams import JamsExporter
from versionmatch.export.sonic_visualiser import SonicVisualiserExporter
from versionmatch.export.table import CsvExporter
from versionmatch.export.textgrid import TextGridExporter
from versionmatch.export.trackswitch import TrackswitchExporter
from versionmatch.plugins import Exporter
from versionmatch.types import Audio

EXPORTERS = (
    AudacityExporter,
    CsvExporter,
    JamsExporter,
    SonicVisualiserExporter,
    TextGridExporter,
    TrackswitchExporter,
)
SPANS = {"P1": (2.0, 8.0, 6.0, 13.0), "P2": (14.0, 19.0, 13.5, 19.5), "P3": (8.5, 13.5, 6.0, 12.0)}


@pytest.mark.parametrize("kind", EXPORTERS)
def test_the_same_comparison_gives_the_same_bytes(kind, match, folder):
    exporter = kind()
    assert isinstance(exporter, Exporter)
    written = []
    for name in ("one", "two"):
        exporter.export(match, folder / (name + exporter.suffix))
        written.append((folder / (name + exporter.suffix)).read_bytes())
    assert written[0] == written[1]


@pytest.mark.parametrize("kind", EXPORTERS)
def test_a_pair_that_shares_nothing_can_be_exported(kind, unrelated, folder):
    exporter = kind()
    target = folder / ("nothing" + exporter.suffix)
    exporter.export(unrelated, target)
    assert target.is_file()


def test_the_table_has_a_row_for_each_passage(match, folder):
    CsvExporter().export(match, folder / "p.csv")
    with (folder / "p.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = ("query_start_s", "query_end_s", "reference_start_s", "reference_end_s")
    assert {r["passage"]: tuple(float(r[c]) for c in columns) for r in rows} == SPANS
    assert rows[0]["sentence"] == "The verse, in another harmony."
    assert rows[0]["elements"] == "melody+harmony"
    assert float(rows[0]["tempo_ratio"]) == pytest.approx(7 / 6, abs=1e-4)


def test_audacity_gets_a_label_file_for_each_recording(match, folder):
    AudacityExporter().export(match, folder / "pair.txt")
    for name, low in (("pair.txt", 0), ("pair.reference.txt", 2)):
        rows = [line.split("\t") for line in (folder / name).read_text(encoding="utf-8").splitlines()]
        assert all(len(row) == 3 for row in rows)
        assert {row[2][:2]: (float(row[0]), float(row[1])) for row in rows} == {
            passage: span[low : low + 2] for passage, span in SPANS.items()
        }
        assert [float(row[0]) for row in rows] == sorted(float(row[0]) for row in rows)
    assert "P1 = B 0:06–0:13 (melody, harmony, 0.91)" in (folder / "pair.txt").read_text(encoding="utf-8")


def test_trackswitch_gets_twenty_millisecond_rows_that_rise(match, folder):
    TrackswitchExporter().export(match, folder / "p.csv")
    lines = (folder / "p.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "time_A,time_B"
    rows = np.array([[float(x) for x in line.split(",")] for line in lines[1:]])
    assert np.allclose(np.diff(rows[:, 0]), 0.02)
    assert (np.diff(rows[:, 1]) >= 0).all()
    assert rows[[0, -1]].tolist() == [[2.0, 6.0], [19.0, 19.5]]


def test_jams_validates_and_says_where_each_passage_is(match, folder):
    JamsExporter().export(match, folder / "pair.jams")
    for name, low in (("pair.jams", 0), ("pair.reference.jams", 2)):
        document = jams_package.load(str(folder / name), validate=True, strict=True)
        passages = document.search(namespace="segment_open")[0]
        assert {o.value: (o.time, o.time + o.duration) for o in passages.data} == {
            label: pytest.approx(span[low : low + 2]) for label, span in SPANS.items()
        }
        assert {a.namespace for a in document.annotations} == {
            "segment_open", "chord", "key_mode", "beat", "tempo", "note_midi",
        }  # fmt: skip
        assert document.search(namespace="key_mode")[0].data[0].value == "Bb:major"
    assert document.file_metadata.title == 'b "live".wav'


def test_to_jams_gives_the_querys_document(match):
    assert match.to_jams()["sandbox"]["versionmatch"]["other"]["label"] == 'b "live".wav'


def textgrid(text):
    """A reader of Praat's long format: tier name → [(start, end, label)]."""
    tiers = {}
    for part in re.split(r"\n    item \[\d+\]:\n", text)[1:]:
        name = re.search(r'name = "(.*)"', part)[1]
        pattern = r'xmin = (\S+)\s+xmax = (\S+)\s+text = "((?:[^"]|"")*)"'
        tiers[name] = [(float(a), float(b), c.replace('""', '"')) for a, b, c in re.findall(pattern, part)]
    return tiers


def test_textgrid_tiers_fill_the_longer_recording_without_overlap(match, folder):
    TextGridExporter().export(match, folder / "p.TextGrid")
    text = (folder / "p.TextGrid").read_text(encoding="utf-8")
    tiers = textgrid(text)
    assert list(tiers) == ["A passages", "A chords", "B passages", "B chords"]
    assert [int(n) for n in re.findall(r"intervals: size = (\d+)", text)] == [len(t) for t in tiers.values()]
    for tiles in tiers.values():
        assert tiles[0][0] == 0.0
        assert tiles[-1][1] == 24.0
        assert all(a[1] == b[0] for a, b in itertools.pairwise(tiles))
    assert (6.0, 12.0, "P1 P3") in tiers["B passages"]
    assert [label for *_, label in tiers["A chords"] if label] == ["Bb:maj", "F:7", "G:min"]


def session(path):
    return ElementTree.fromstring(bz2.decompress(path.read_bytes()))


def test_the_session_opens_both_files_by_names_relative_to_itself(match, folder):
    (folder / "out").mkdir()
    SonicVisualiserExporter().export(match, folder / "out" / "pair.sv")
    waves = [m for m in session(folder / "out" / "pair.sv").iter("model") if m.get("type") == "wavefile"]
    assert [m.get("file") for m in waves] == ["../a & b.wav", '../b "live".wav']
    assert [m.get("mainModel") for m in waves] == ["true", "false"]


def test_the_sessions_alignment_maps_frames_of_b_to_frames_of_a(match, folder):
    SonicVisualiserExporter().export(match, folder / "pair.sv")
    root = session(folder / "pair.sv")
    models = {m.get("id"): m for m in root.iter("model")}
    alignment = next(m for m in models.values() if m.get("type") == "alignment")
    assert models[alignment.get("reference")].get("file") == "a & b.wav"
    assert models[alignment.get("aligned")].get("file") == 'b "live".wav'
    path = models[alignment.get("path")]
    dataset = next(d for d in root.iter("dataset") if d.get("id") == path.get("dataset"))
    points = np.array([(int(p.get("mapframe")), int(p.get("frame"))) for p in dataset]) / 8000
    assert points[[0, -1]].tolist() == [[2.0, 6.0], [19.0, 19.5]]
    assert np.interp(5.0, *points.T) == pytest.approx(9.5, abs=0.01)


def test_the_session_marks_the_passages_and_notes_of_both_recordings(match, folder):
    SonicVisualiserExporter().export(match, folder / "pair.sv")
    root = session(folder / "pair.sv")
    datasets = {d.get("id"): d for d in root.iter("dataset")}
    found = {m.get("name"): datasets[m.get("dataset")] for m in root.iter("model") if m.get("dimensions") == "3"}
    for letter, low in (("A", 0), ("B", 2)):
        regions = {
            p.get("label")[:2]: (int(p.get("frame")) / 8000, (int(p.get("frame")) + int(p.get("duration"))) / 8000)
            for p in found[f"{letter} shared passages"]
        }
        assert regions == {label: span[low : low + 2] for label, span in SPANS.items()}
        assert [p.get("label") for p in found[f"{letter} shared passages"]] == ["P1 (0.91)", "P2 (0.84)", "P3 (0.62)"]
        assert len(found[f"{letter} melody"]) == 4
    ids = [e.get("id") for e in root.find("data") if e.get("id")]
    assert len(ids) == len(set(ids))
    shown = {layer.get("id") for view in root.iter("view") for layer in view}
    assert shown == {layer.get("id") for layer in root.find("data").iter("layer")}


def test_a_reference_of_another_sample_rate_is_opened_at_the_querys(match, folder):
    other = replace(match, reference=replace(match.reference, sr=48000))
    SonicVisualiserExporter().export(other, folder / "pair.sv")
    assert {m.get("sampleRate") for m in session(folder / "pair.sv").iter("model")} == {"8000"}


def test_sound_that_came_from_no_file_is_written_beside_the_session(match, folder):
    audio = Audio(np.zeros(16000 * 20, np.float32), 16000)
    query = replace(match.query, source="array", sr=16000)
    bare = replace(match, query=query, query_track={**match.query_track, "audio": audio})
    SonicVisualiserExporter().export(bare, folder / "pair.sv")
    name = next(m.get("file") for m in session(folder / "pair.sv").iter("model"))
    assert name == "aaaaaaaaaaaaaaaa.wav"
    assert soundfile.info(folder / name).duration == 20.0


def test_a_session_of_a_recording_without_file_and_sound_is_refused(match, folder):
    gone = replace(match, query=replace(match.query, source="gone.wav"))
    with pytest.raises(InputError, match=r"Song <1> came from no file .*'gone\.wav'.* choose another export"):
        SonicVisualiserExporter().export(gone, folder / "pair.sv")


def test_the_document_is_json_with_the_schema_and_finite_numbers(match, folder):
    match.export("json", folder / "m.json")
    text = (folder / "m.json").read_text(encoding="utf-8")
    assert text.endswith("}\n")
    document = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert document == match.to_dict()
    assert document["schema"] == "versionmatch.match/1"
    assert document["query"]["key"] == {"label": "B♭ major", "confidence": 0.8}
    harmony, rhythm = document["evidence"]
    assert harmony["null"] == {
        "corpus": "dev/covers", "n_pairs": 4000, "percentile": 85.0, "provenance": "unrelated pairs",
    }  # fmt: skip
    assert rhythm["null"] == "none"
    assert rhythm["p_value"] is None
    assert document["passages"][0]["path_s"] == [[2.0, 6.0], [8.0, 13.0]]
    assert document["manifest"]["params"] == {"cues": ["harmony"]}


def test_the_document_has_every_field_of_the_comparison(match):
    hidden = {"query_track", "reference_track"}
    assert {f for f in match.__dataclass_fields__ if f not in hidden} <= set(match.to_dict())


def test_no_export_holds_the_folder_it_was_written_to(match, folder):
    for kind in EXPORTERS:
        exporter = kind()
        target = folder / ("pair" + exporter.suffix)
        exporter.export(match, target)
        content = target.read_bytes()
        content = bz2.decompress(content) if exporter.name == "sv" else content
        assert os.fsencode(Path(folder)) not in content


@pytest.mark.skipif(shutil.which("praat") is None, reason="Praat is not installed")
def test_praat_itself_reads_the_textgrid(match, folder):
    TextGridExporter().export(match, folder / "p.TextGrid")
    script = folder / "read.praat"
    script.write_text(
        f'Read from file: "{folder / "p.TextGrid"}"\n'
        "n = Get number of tiers\ni = Get number of intervals: 3\nlabel$ = Get label of interval: 3, 2\n"
        'writeInfoLine: n, " ", i, " ", label$\n',
        encoding="utf-8",
    )
    told = subprocess.run(["praat", "--run", str(script)], capture_output=True, text=True, check=True).stdout
    assert told.split() == ["4", "6", "P1", "P3"]
