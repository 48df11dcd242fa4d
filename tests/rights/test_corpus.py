"""What may be used is found, what may not is not; and a withdrawal takes effect at once and leaves no bytes."""

import hashlib
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import versionmatch
from tests.jobs.sounds import Inline, tune, wav
from tests.rights.corpora import clock, small
from versionmatch.errors import InputError, NotPermitted
from versionmatch.jobs.corpus import Corpus
from versionmatch.jobs.segregation import segregation
from versionmatch.jobs.withdraw import enforce, purge, withdraw
from versionmatch.params import ScanParams
from versionmatch.rights.effects import STANDING, affected, model_status, payable
from versionmatch.rights.manifest import Manifest, refuse_outside
from versionmatch.store.settings import COMPARED


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    root = tmp_path_factory.mktemp("template")
    corpus, paths = small(root)
    with corpus:
        stranger = root / "sounds" / "stranger.wav"
        stranger.write_bytes(wav(tune(77, 6.0)))
        return corpus.root, paths, corpus.ingest([*paths, stranger], executor=Inline())


@pytest.fixture
def made(template, tmp_path):
    root, paths, placed = template
    shutil.copytree(root, tmp_path / "corpus")
    with Corpus(tmp_path / "corpus", clock=clock()) as corpus:
        yield corpus, paths, placed


def model(corpus, name="m", version="v1"):
    manifest, _ = corpus.freeze(model_version=version)
    with corpus.book.writing("test"):
        corpus.book.add("model", id=name, version=version, manifest=manifest.root, weights_sha256="0" * 64)
        corpus.book.add("run", id="run-1", kind="attribute", model=name)
        corpus.book.add("statement", id="2026-03", period="2026-03", run="run-1", method="equal", sha256="1" * 64)
    return manifest


def found(corpus, path):
    return [hit.recording_id for hit in corpus.search(str(path), by="recording")]


def test_each_file_goes_where_the_log_has_a_place_for_it(made):
    _, _, placed = made
    assert [(Path(p.path).stem, p.partition) for p in placed] == [
        ("0", "licensed"), ("1", "licensed"), ("2", "licensed"), ("3", "unlicensed"), ("stranger", "quarantine"),
    ]  # fmt: skip
    assert "not granted, by l" in placed[3].reason
    assert "no asset of the log has these bytes" in placed[4].reason


def test_partitions_share_no_file(made):
    corpus, _, placed = made
    for each in placed:
        here = {p.relative_to(corpus.root).parts[0] for p in corpus.root.rglob(f"*{each.recording_id}*")}
        assert here == {each.partition}


def test_a_licensed_recording_is_found_and_an_unlicensed_one_is_not(made):
    corpus, paths, placed = made
    assert found(corpus, paths[1]) == [placed[1].recording_id]
    assert found(corpus, paths[3]) == []


def test_a_grant_that_ran_out_is_found_no_more_without_anything_being_done(made):
    corpus, _, placed = made
    ids = [p.recording_id for p in placed]
    with corpus.book.writing("test"):
        for grant in ("m0", "g1"):
            corpus.book.add("revocation", grant=grant, effective="2027-01-01T00:00:00Z")
    assert corpus.permitted(ids, "compare") == set(ids[:3])
    assert corpus.permitted(ids, "compare", at="2027-01-01T00:00:00Z") == {ids[2]}


def test_two_assets_of_one_sound_are_permitted_only_both(made):
    corpus, paths, placed = made
    with corpus.book.writing("test"):
        corpus.book.add("asset", id="twin", recording="r3", pcm_sha256=placed[0].recording_id)
    assert corpus.permitted([placed[0].recording_id], "compare") == set()
    assert found(corpus, paths[0]) == []


def test_what_is_frozen_is_what_is_permitted_and_has_one_root(made):
    corpus, _, _ = made
    manifest, without = corpus.freeze(model_version="v1")
    assert manifest.pairs == (("a0", ("g0", "m0")), ("a1", ("g1", "m1")), ("a2", ("g2", "m2")))
    assert without == {}
    again = Corpus(corpus.root).book.manifest(manifest.root[:10])
    assert again == manifest
    assert corpus.freeze(model_version="v1", assets=["a0", "a3"])[1].keys() == {"a3"}
    with pytest.raises(NotPermitted, match=r"no asset may be used to train: .*not granted"):
        corpus.freeze(model_version="v2")


def test_candidates_outside_the_frozen_corpus_are_refused(made):
    corpus, _, _ = made
    manifest, _ = corpus.freeze(model_version="v1")
    refuse_outside(manifest, ["a0", "a2"])
    with pytest.raises(NotPermitted, match=r"2 of 3 candidates are not in the frozen corpus .*: a3, zz"):
        refuse_outside(manifest, ["a0", "zz", "a3"])


def test_a_manifest_that_was_changed_is_noticed(made):
    corpus, _, _ = made
    manifest, _ = corpus.freeze(model_version="v1")
    path = corpus.book.root / "manifests" / f"{manifest.root}.json"
    path.write_bytes(path.read_bytes().replace(b'"a1"', b'"a7"'))
    with pytest.raises(versionmatch.errors.IntegrityError, match=r"is not what was frozen|each be there once"):
        Corpus(corpus.root).book.manifest(manifest.root)


def test_a_model_is_registered_with_the_corpus_that_was_frozen_for_its_version(made):
    corpus, _, _ = made
    manifest = model(corpus)
    with pytest.raises(InputError, match="freeze one for it"), corpus.book.writing("test"):
        corpus.book.add("model", id="m2", version="v2", manifest=manifest.root, weights_sha256="0" * 64)


def test_a_withdrawal_stops_the_search_at_once_and_marks_the_model(made):
    corpus, paths, placed = made
    model(corpus)
    done = withdraw(corpus, "g1")
    assert done.recordings == (placed[1].recording_id,)
    assert found(corpus, paths[1]) == []
    assert placed[1].recording_id not in [r.id for r in corpus.catalogue()]  # nor for who reads the catalogue alone
    assert model_status(corpus.book.state, "m", corpus.book.manifests, corpus.book.time) == ("needs-retrain", ("a1",))
    assert done.change.models == ("m",)
    assert found(corpus, paths[0]) == [placed[0].recording_id]


def test_what_was_withdrawn_stays_payable_but_is_in_no_new_corpus(made):
    corpus, _, _ = made
    old = model(corpus)
    withdraw(corpus, "w1")
    assert payable(corpus.book.state, "a1", "m", corpus.book.manifests)
    refuse_outside(old, ["a1"])  # what the model made before may still be attributed
    new, _ = corpus.freeze(model_version="v1")
    assert new.assets == {"a0", "a2"}


def test_a_dry_run_tells_the_same_and_changes_nothing(made):
    corpus, paths, placed = made
    model(corpus)
    before = len(corpus.book.log), corpus.catalogue().facts_sha256()
    told = withdraw(corpus, "p1", dry_run=True)
    assert (len(corpus.book.log), corpus.catalogue().facts_sha256()) == before
    assert found(corpus, paths[1]) == [placed[1].recording_id]
    done = withdraw(corpus, "p1")
    assert (told.grants, told.recordings, told.change.models) == (done.grants, done.recordings, done.change.models)
    assert dict(told.change.scopes) == dict(done.change.scopes)
    with pytest.raises(InputError, match="no grant of 'p1' stands"):
        withdraw(corpus, "p1")


def test_affected_lists_everything_that_an_id_reaches(made):
    corpus, _, _ = made
    manifest = model(corpus)
    told = affected(corpus.book.state, "w1", corpus.book.manifests)
    assert told.to_dict() == {
        "assets": ["a1"], "grants": ["g1", "m1"], "manifests": [manifest.root], "models": ["m"], "runs": ["run-1"],
        "statements": ["2026-03"],
    }  # fmt: skip
    assert affected(corpus.book.state, "a3", corpus.book.manifests).models == ()
    with pytest.raises(InputError, match="'nobody' is no asset"):
        affected(corpus.book.state, "nobody", corpus.book.manifests)


def test_after_compaction_no_byte_of_what_was_withdrawn_is_left(made, tmp_path):
    corpus, paths, placed = made
    gone = placed[1].recording_id
    catalogue = corpus.catalogue()
    catalogue.scan(by=("recording",), executor=Inline())
    cache = tmp_path / "cache"
    (cache / "features" / "x-1" / gone[:2]).mkdir(parents=True)
    (cache / "features" / "x-1" / gone[:2] / f"{gone}.safetensors").write_bytes(b"x")
    view = catalogue.view(gone)
    peaks = view["peaks"]
    needles = [peaks.frames[:8].tobytes(), peaks.bins[:16].tobytes()]
    needles += [p.read_bytes()[-256:] for p in catalogue.path.rglob(f"*{gone}*")]
    found(corpus, paths[0])  # makes the index

    def holding():
        files = [p for p in (*corpus.root.rglob("*"), *cache.rglob("*")) if p.is_file()]
        return {p for p in files for needle in needles if needle in p.read_bytes()}

    assert holding()
    withdraw(corpus, "g1")
    assert purge(corpus, [cache]) == (gone,)
    assert holding() == set()
    assert not list(corpus.root.rglob(f"*{gone}*")) + list(cache.rglob(f"*{gone}*"))
    assert found(corpus, paths[0]) == [placed[0].recording_id]
    assert found(corpus, paths[1]) == []
    assert holding() == set()  # nor does the index that was made again hold it
    last = list(corpus.book.log.entries())[-1]
    assert (last.type, last.body["assets"]) == ("purge", ["a1"])
    assert last.body["before_sha256"] != last.body["after_sha256"]
    assert purge(corpus) == ()


def test_what_has_run_out_is_taken_out_when_that_is_enforced(made):
    corpus, _, placed = made
    with corpus.book.writing("test"):
        corpus.book.add("revocation", grant="m2", effective=corpus.book.time)
    assert enforce(corpus) == (placed[2].recording_id,)
    assert enforce(corpus) == ()
    assert corpus.book.state.placed["a2"] == "none"


def test_an_unlicensed_recording_under_another_id_is_found_in_the_licensed_partition(tmp_path):
    corpus, paths = small(tmp_path, kinds=COMPARED)
    params = ScanParams(by=("recording",), cues=("recording",))
    rng = np.random.default_rng(440)
    hidden = tmp_path / "sounds" / "2.wav"
    sound = tune(3, 6.0)
    softer = (0.7 * sound + rng.normal(0, 30, sound.size)).astype(np.int16)  # the sound of the unlicensed 3
    hidden.write_bytes(wav(softer))
    with corpus.book.writing("test"):
        digest = hashlib.sha256(hidden.read_bytes()).hexdigest()
        corpus.book.add("asset", id="a2", recording="r2", sha256=digest)
    with corpus:
        placed = corpus.ingest(paths, executor=Inline())
        assert placed[2].partition == "licensed"
        found_ = segregation(corpus.catalogue(), corpus.catalogue("unlicensed"), params)
    assert [(m.licensed, m.other, m.what) for m in found_.mixed] == [
        (placed[2].recording_id, placed[3].recording_id, "same recording")
    ]
    assert (found_.licensed, found_.others, found_.pairs, found_.failed) == (3, 1, 1, 0)


def test_a_pair_that_cannot_be_compared_is_told_and_not_taken_to_be_apart(made):
    corpus, paths, placed = made  # its catalogues keep fingerprints alone
    corpus.catalogue("unlicensed").add(paths[0], jobs=1, executor=Inline())
    found_ = segregation(corpus.catalogue(), corpus.catalogue("unlicensed"), ScanParams(by=("recording",)))
    assert [(m.licensed, m.what) for m in found_.mixed] == [(placed[0].recording_id, "heard in part")]
    assert found_.failed == 1


def test_the_log_anchors_the_ledgers_of_the_catalogues(made):
    pytest.importorskip("cryptography")
    from versionmatch.audit.signing import SigningKey

    corpus, _, _ = made
    corpus.sign(SigningKey.of_seed(bytes(32)))
    anchors = [e.body for e in corpus.book.log.entries() if e.type == "anchor"]
    assert [a["catalogue"] for a in anchors] == ["licensed", "unlicensed", "quarantine"]
    ledger = (corpus.catalogue().path / "ledger.jsonl").read_text().splitlines()
    assert len(ledger) == anchors[0]["events"]
    assert anchors[0]["hash"] in ledger[-1]


def test_no_text_says_that_a_model_lost_what_it_learned():
    folder = Path(versionmatch.__file__).parent
    pages = [p for name in ("rights", "audit", "jobs", "cli", "web", "export") for p in (folder / name).rglob("*.py")]
    wrong = re.compile(r"\b(untrain|un-train|forgotten|forgets?\b)", re.IGNORECASE)
    assert not [(p.name, m.group()) for p in pages for m in wrong.finditer(p.read_text())]
    probe = [p for p in pages if "attribut" not in p.name]  # there it names a way of measuring, on a copy
    assert not [p.name for p in probe if re.search("unlearn", p.read_text(), re.IGNORECASE)]
    assert "needs-retrain" in STANDING


def test_a_proof_that_an_asset_was_in_the_frozen_corpus_holds():
    from versionmatch.audit.merkle import included
    from versionmatch.rights.manifest import leaf_of

    manifest = Manifest("train", "v1", "", "2026-01-01T00:00:00Z", tuple((f"a{i}", (f"g{i}",)) for i in range(7)))
    for i, pair in enumerate(manifest.pairs):
        number, path = manifest.proof(f"a{i}")
        assert included(leaf_of(pair), number, 7, path, bytes.fromhex(manifest.root))
    with pytest.raises(InputError, match="asset 'a9' is not in the frozen corpus"):
        manifest.proof("a9")
