"""Labelled tunes and pairs, from JSON to figures."""

import json
from pathlib import Path

import numpy as np
import pytest

from versionmatch.cli.main import main
from versionmatch.errors import InputError
from versionmatch.jobs.bench_melody import MelodyBenchParams, bench_melody
from versionmatch.jobs.bench_pairs import PairBenchParams, auc, bench_pairs, left_out
from versionmatch.jobs.tunes import read_groups, read_pairs


def notes(seed, key=0, changed=0, n=30):
    rng = np.random.default_rng(seed)
    pitches = 60 + np.cumsum(rng.choice([-4, -3, -2, -1, 1, 2, 3, 5], size=n))
    pitches[np.random.default_rng([seed, key]).choice(n, changed, replace=False)] += 2
    lengths = rng.choice([0.5, 1.0, 1.5], size=n)
    onsets = np.cumsum(lengths) - lengths
    return [[float(t), float(d), int(p) + key] for t, d, p in zip(onsets, lengths, pitches, strict=True)]


def classes(rows):
    return [p % 12 for _, _, p in rows]


def intervals(rows):
    return np.diff([p for _, _, p in rows]).tolist()


GROUPS = [
    {"id": f"{g}{v}", "group": g, "notes": notes(g, key=3 * v, changed=4 * v)} for g in range(6) for v in range(2)
]
PAIRS = [
    {"id": f"p{k}", "a": {"notes": notes(k)}, "b": {"notes": notes(k if k % 2 else 50 + k, 5, 5)}, "label": k % 2}
    for k in range(12)
]


@pytest.fixture
def write(tmp_path):
    def written(document):
        path = tmp_path / "tunes.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return str(path)

    return written


def test_variants_in_other_keys_are_found_with_intervals_over_groups(write):
    result = bench_melody(MelodyBenchParams(file=write(GROUPS)))
    assert (result["map"], result["hit_at_1"], result["mr1"]) == (1, 1, 1)
    assert (result["map_ci"], result["n_queries"], result["n_groups"]) == ([1, 1], 12, 6)
    assert set(result["measures"]) == {"identity", "figures", "intervals", "pitches", "timed_figures", "ornamented"}


@pytest.mark.parametrize("way", ["intervals", "pitch_classes"])
def test_tunes_without_rhythm_are_found_too(write, way):
    make = {"intervals": intervals, "pitch_classes": classes}[way]
    entries = [{"id": e["id"], "group": e["group"], way: make(e["notes"])} for e in GROUPS]
    result = bench_melody(MelodyBenchParams(file=write(entries)))
    assert result["map"] > 0.9
    assert "ornamented" not in result["measures"]


def test_the_result_does_not_depend_on_the_workers(write):
    path = write(GROUPS)
    assert bench_melody(MelodyBenchParams(file=path, workers=1)) == bench_melody(
        MelodyBenchParams(file=path, workers=3)
    )


def test_an_empty_tune_is_found_last_and_named(write):
    entries = [*GROUPS, {"id": "nothing", "group": 0, "notes": []}]
    result = bench_melody(MelodyBenchParams(file=write(entries)))
    assert result["empty"] == ["nothing"]
    assert result["n_queries"] == 13
    assert result["map"] < 1


def test_labelled_pairs_are_told_apart(write):
    result = bench_pairs(PairBenchParams(file=write(PAIRS)))
    assert (result["auc"], result["leave_one_out_accuracy"], result["failures"]) == (1, 1, [])
    assert result["auc_ci"] == [1, 1]


def test_a_pair_with_a_wrong_label_goes_wrong(write):
    entries = [{**e, "label": 1 - e["label"]} if e["id"] == "p3" else e for e in PAIRS]
    result = bench_pairs(PairBenchParams(file=write(entries)))
    assert result["failures"] == ["p3"]
    assert result["auc_ci"][0] < result["auc"] < 1


def test_a_pair_with_an_empty_side_counts_as_least_alike(write):
    entries = [*PAIRS, {"id": "drums", "a": {"pitch_classes": []}, "b": {"pitch_classes": [0, 4, 7]}, "label": 0}]
    result = bench_pairs(PairBenchParams(file=write(entries)))
    assert (result["auc"], result["empty"], result["pairs"][-1]["score"]) == (1, ["drums"], None)


def test_auc_is_the_share_of_pairs_in_the_right_order():
    rng = np.random.default_rng(440)
    scores, labels = rng.integers(0, 5, 30), rng.integers(0, 2, 30)
    won = [(a > b) + 0.5 * (a == b) for a in scores[labels == 1] for b in scores[labels == 0]]
    assert auc(scores, labels) == pytest.approx(np.mean(won))


def test_scores_without_meaning_do_no_better_left_out_than_the_labels_allow():
    rng = np.random.default_rng(440)
    assert left_out(rng.random(200), rng.integers(0, 2, 200)).mean() < 0.6


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", "is no JSON"),
        ([], "holds no list of entries"),
        ([1], "entry 0: an entry is an object; found int"),
        ([{"group": 1}], "entry 0 lacks 'id'; it has 'group'"),
        ([GROUPS[0], GROUPS[0]], r"entry 1: the id '00' is that of entry 0"),
        ([{"id": "x", "notes": []}], r"entry 0 \(x\) lacks 'group'"),
        ([{"id": "x", "group": None, "notes": []}], "group is text or a whole number; found None"),
        ([{"id": "x", "group": 1}], r"entry 0 \(x\): an entry has one of notes, .*; found none of them"),
        ([{"id": "x", "group": 1, "notes": [], "intervals": []}], "found notes and intervals"),
        ([{"id": "x", "group": 1, "notes": "C D E"}], "notes is a list; found str"),
        ([{"id": "x", "group": 1, "notes": [[0, 1]]}], r"entry 0 \(x\): notes are rows"),
        ([{"id": "x", "group": 1, "pitch_classes": [0, 13]}], r"entry 0 \(x\): 13 is no pitch class"),
    ],
)
def test_a_bad_entry_is_named_with_its_place(write, document, message):
    with pytest.raises(InputError, match=message):
        read_groups(Path(write(document)))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"label": 2}, "label is 2; write 1 for related, 0 for not"),
        ({"a": [1, 2]}, "a is an object"),
        ({"b": {"notes": [[0, -1, 60]]}}, r"entry 0 \(p0\), b: note 0 of a tune lasts -1"),
    ],
)
def test_a_bad_pair_is_named_with_its_side(write, entry, message):
    with pytest.raises(InputError, match=message):
        read_pairs(Path(write([{**PAIRS[0], **entry}])))


def test_one_label_only_is_refused(write):
    with pytest.raises(InputError, match="all labels are 0"):
        bench_pairs(PairBenchParams(file=write([PAIRS[0]])))


def test_the_commands_print_a_table_or_json(write, capsys):
    assert main(["bench", "melody", write(GROUPS)]) == 0
    assert "hit_at_1" in capsys.readouterr().out
    assert main(["bench", "melody", write(GROUPS), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "versionmatch.bench-melody/1"
    assert main(["bench", "pairs", write(PAIRS)]) == 0
    assert "AUC 1.000" in capsys.readouterr().out
    assert main(["bench", "pairs", write(PAIRS), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["leave_one_out_accuracy"] == 1


def test_a_bad_file_ends_the_command_with_its_name(write, capsys):
    assert main(["bench", "pairs", write([])]) == 3
    assert "holds no list of entries" in capsys.readouterr().err
