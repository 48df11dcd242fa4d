"""The embedding as a cue: key by key, beside its null, in every surface, and able to rank."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from tests.embed.random_model import melody_levels
from versionmatch import params
from versionmatch.embed import extractor, heard
from versionmatch.embed.directory import ModelDirectory
from versionmatch.errors import FeatureMismatch, InputError, MissingExtra
from versionmatch.features.view import Track
from versionmatch.jobs.compare import compare
from versionmatch.jobs.retrieval import RetrievalParams, bench_retrieval
from versionmatch.match import calibrate
from versionmatch.match.cues.embedding import EmbeddingCue
from versionmatch.match.fuse import fuse
from versionmatch.match.ranking import raw_values, reversed_rows, similarity
from versionmatch.params import CompareParams
from versionmatch.testing import example_tracks
from versionmatch.types import Features, Recording, Segments


@pytest.fixture(autouse=True)
def models(random_models, monkeypatch):
    monkeypatch.setenv("VERSIONMATCH_MODELS", str(random_models))


def track(seed, n_frames=1000, shift=0):
    cqt = Features("cqt", melody_levels(seed, n_frames, shift) ** 2, 10.0)
    return Track(Recording(f"id{seed}", f"song {seed}", n_frames / 10), {"cqt": cqt})


def rows(query, reference):
    cue = EmbeddingCue()
    return cue.by_key(cue.sketch(query), cue.sketch(reference))


@pytest.mark.parametrize("shift", [3, -2])
def test_a_song_in_another_key_is_found_at_its_interval(shift):
    song, other = track(1), track(1, shift=shift)
    found = EmbeddingCue().compare(other, song)
    assert found.transposition == shift % 12
    assert found.raw > EmbeddingCue().compare(other, track(2)).raw
    assert f"B {abs(shift)} semitones {'lower' if shift > 0 else 'higher'} than A" in found.notes[0]


def test_rows_say_the_same_as_the_evidence():
    query, reference = track(1, shift=3), track(2)
    found, row = EmbeddingCue().compare(query, reference), rows(query, reference)
    assert raw_values("embedding", row) == pytest.approx(found.raw)
    assert [found.details[f"key_{k}"] for k in range(12)] == pytest.approx(row[:12].tolist())
    assert similarity("embedding", row) == found.raw == row[:12].max()


def test_query_and_reference_exchanged_turn_the_key_round():
    query, reference = track(1, shift=3), track(2, 700)
    assert rows(reference, query) == pytest.approx(reversed_rows(rows(query, reference)), abs=1e-6)


def test_silence_says_nothing():
    silent = Track(Recording("s", "silence", 60.0), {"cqt": Features("cqt", np.zeros((84, 600)), 10.0)})
    found = EmbeddingCue().compare(silent, track(1))
    assert (found.raw, found.spans) == (0.0, ())
    assert "too little sound" in found.notes[0]
    assert rows(silent, track(1)) is None


def test_segments_of_two_models_are_not_compared():
    s = track(1)["segments"]
    foreign = Track(
        Recording("f", "foreign", 60.0), {"segments": Segments(s.vectors, s.starts_s, s.length_s, s.whole, "another")}
    )
    with pytest.raises(FeatureMismatch, match="model_id of the segments differs"):
        EmbeddingCue().compare(track(1), foreign)


def test_without_torch_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(heard, "find_spec", lambda _: None)
    with pytest.raises(MissingExtra, match=r"versionmatch\[torch\]"):
        EmbeddingCue().compare(track(1), track(2))


def test_without_a_model_the_remedy_is_named(monkeypatch):
    monkeypatch.setenv("VERSIONMATCH_MODELS", "")
    monkeypatch.setattr("versionmatch.embed.directory.model_folders", list)
    with pytest.raises(InputError, match="no model 'versions-v2'"):
        EmbeddingCue().compare(track(1), track(2))


@pytest.fixture(scope="module")
def fitted(random_models):
    """The shipped calibration, as if it had been fitted with the random weights."""
    weights = ModelDirectory.read(random_models / "versions-v2").facts.weights_sha256
    shipped = calibrate.load()
    model = {**shipped.provenance["embedding"], "weights": weights}
    return replace(shipped, provenance={**shipped.provenance, "embedding": model})


@pytest.fixture(scope="module")
def match(random_models, fitted):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VERSIONMATCH_MODELS", str(random_models))
        patch.setattr(calibrate, "load", lambda: fitted)
        return compare(*example_tracks.__wrapped__()[:2])  # tracks of its own: the model's segments stay with them


def test_every_surface_shows_it_beside_its_null(match):
    found = match["embedding"]
    assert found.null.n_pairs > 1000
    assert 0 < found.p_value <= 1
    assert 0 <= found.score <= 1
    text = match.explain()
    assert "embedding" in text
    assert "Without a null distribution: recording." in text
    entry = next(e for e in match.to_dict()["evidence"] if e["cue"] == "embedding")
    assert entry["null"]["n_pairs"] == found.null.n_pairs
    assert entry["spans"]
    page = match.to_html(audio=False)
    assert 'data-cue="embedding"' in page
    assert "learned likeness of versions" in page


def test_what_it_finds_lies_inside_both(match):
    for span in match["embedding"].spans:
        assert span.query_end_s <= match.query.duration_s + 0.25
        assert span.reference_end_s <= match.reference.duration_s + 0.25


def test_it_is_weighed_with_the_others_part_by_part(match):
    fused = fuse(match.evidence)
    assert "embedding" in fused.parts
    assert sum(fused.parts.values()) == fused.total
    without = fuse([e for e in match.evidence if e.cue != "embedding"])
    assert without.probability != fused.probability == match.probability


def test_another_models_likeness_has_no_null_and_is_not_weighed():
    foreign = [
        Track(t.recording, {"audio": t["audio"], "segments": extractor.VersionSegments("other").extract(t)})
        for t in example_tracks.__wrapped__()[:2]
    ]
    found = compare(*foreign)
    assert found["embedding"].null is found["embedding"].p_value is found["embedding"].score is None
    bare = found.explain().partition("Without a null distribution: ")[2].partition(".\n")[0]
    assert {"embedding", "recording"} <= set(bare.replace("\n", " ").split(", "))
    assert "embedding" not in fuse(found.evidence).parts
    plain = compare(*example_tracks.__wrapped__()[:2], cues=params.CUES)
    assert found.probability == plain.probability


def test_other_weights_under_the_same_name_have_no_null_and_the_same_ones_under_another_have(fitted, monkeypatch):
    other = compare(*example_tracks.__wrapped__()[:2])  # random weights that are called as the shipped ones
    assert other["embedding"].null is None
    assert "embedding" not in fuse(other.evidence).parts
    monkeypatch.setattr(calibrate, "load", lambda: fitted)
    renamed = [
        Track(t.recording, {"audio": t["audio"], "segments": replace(t["segments"], model_id="renamed")})
        for t in example_tracks.__wrapped__()[:2]
    ]
    assert compare(*renamed)["embedding"].null is not None


def test_without_a_digest_on_either_side_the_names_decide(fitted):
    weights = fitted.provenance["embedding"]["weights"]
    assert fitted.holds_for("embedding", "versions-v2", weights)
    assert fitted.holds_for("embedding", "renamed", weights)
    assert not fitted.holds_for("embedding", "versions-v2", "0" * 64)
    assert fitted.holds_for("embedding", "versions-v2")
    assert not fitted.holds_for("embedding", "other")
    named = replace(fitted, provenance={"embedding": {"model": "versions-v2"}})
    assert named.holds_for("embedding", "versions-v2", "0" * 64)
    assert not named.holds_for("embedding", "other", weights)
    assert replace(fitted, provenance={}).holds_for("embedding", "other", weights)


def test_without_torch_the_other_cues_are_asked(monkeypatch):
    monkeypatch.setattr(params, "find_spec", lambda _: None)
    assert params.weighed_cues() == ("harmony", "melody", "rhythm", "recording")
    assert "embedding" not in params.usual_cues()
    assert CompareParams().cues == params.usual_cues()


def test_the_manifest_names_what_made_it(match):
    assert "torch" in match.manifest.versions
    assert "by the model versions-v2" in match["embedding"].notes[0]


def test_versions_are_ranked_by_it(tmp_path):
    arrays = {}
    for seed in range(4):
        for version, shift in enumerate((0, 2)):
            levels = melody_levels(seed, 600, shift)
            arrays[f"work{seed}_v{version}"] = np.round(np.repeat(levels, 2, axis=1) * 255).astype(np.uint8)
    np.savez(tmp_path / "songs.npz", **arrays)
    params = RetrievalParams(manifest=str(tmp_path / "songs.npz"), cue="embedding", workers=1, n_bootstrap=10)
    assert bench_retrieval(params)["raw"]["map"] == 1.0


def test_torch_is_not_loaded_before_a_network_is_needed():
    code = (
        "import sys, versionmatch as vm; from versionmatch.match.cues.embedding import EmbeddingCue; "
        "from versionmatch.embed import located, reduce; from versionmatch.embed.encoder import VersionEncoder; "
        "vm.VersionEmbedder().get_params(); EmbeddingCue(); VersionEncoder(); print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
