"""What is added stays, what is removed goes, and what is damaged is told before anything reads it."""

import hashlib
import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest

from tests.index.vectors_here import KEYED, PLAIN, clustered
from versionmatch.errors import IndexMismatch, InputError, IntegrityError
from versionmatch.index import layout
from versionmatch.index.exact import rounded
from versionmatch.index.vectors import FaissIndex

MODES = ("exact", "fast", "no-miss")


def contents(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


def an_index(folder, mode, spec=PLAIN, n=1500):
    """Some on disk, some added since, some removed; saved."""
    vectors = clustered(n + 100, spec.width)
    index = FaissIndex.build(folder, replace(spec, mode=mode), [(vectors[:n], np.arange(n))])
    index.add(vectors[n:], np.arange(n, n + 100))
    index.remove([3, 4, n + 1])
    index.save()
    return index, vectors


@pytest.mark.parametrize("mode", MODES)
def test_a_saved_index_is_the_same_when_opened(tmp_path, mode):
    index, vectors = an_index(tmp_path, mode)
    again = FaissIndex.open(tmp_path, model_id="model-a", model_digest="ab" * 32)
    assert (len(again), again.spec, again.facts) == (1597, index.spec, index.facts)
    first, second = (i.search(vectors[:50], 10) for i in (index, again))
    assert np.array_equal(first.ids, second.ids)
    assert np.array_equal(first.scores, second.scores)


@pytest.mark.parametrize("mode", MODES)
def test_what_is_removed_is_not_found_and_ids_stay(tmp_path, mode):
    index, vectors = an_index(tmp_path, mode)
    assert not np.isin(index.search(vectors[[3, 4, 1501]], 20).ids, [3, 4, 1501]).any()
    assert 3 not in index
    assert 5 in index
    assert index.search(vectors[[5, 1502]], 1).ids.ravel().tolist() == [5, 1502]
    assert index.remove([3, 4, 99_999]) == 0


def test_as_many_are_found_even_if_the_nearest_were_all_removed(tmp_path):
    index, vectors = an_index(tmp_path, "fast")
    gone = index.search(vectors[:1], 700, depth=1400).ids[0]
    index.remove(gone)
    hits = index.search(vectors[:1], 10)
    assert (hits.ids >= 0).all()
    assert not np.isin(hits.ids, gone).any()


def test_an_id_can_be_given_again_after_it_was_removed(tmp_path):
    index, vectors = an_index(tmp_path, "fast")
    index.add(-vectors[3:4], [3])
    index.save()
    again = FaissIndex.open(tmp_path)
    assert again.search(-vectors[3:4], 1).ids.tolist() == [[3]]
    again.compact()
    assert again.search(-vectors[3:4], 1).ids.tolist() == [[3]]


@pytest.mark.parametrize("spec", [PLAIN, KEYED], ids=["plain", "keyed"])
@pytest.mark.parametrize("mode", MODES)
def test_after_compaction_the_files_are_those_of_an_index_built_of_what_remains(tmp_path, mode, spec):
    index, vectors = an_index(tmp_path / "a", mode, spec)
    index.compact()
    stay = np.setdiff1d(np.arange(1600), [3, 4, 1501])
    FaissIndex.build(tmp_path / "b", replace(spec, mode=mode), [(vectors[stay], stay)])
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


@pytest.mark.parametrize("mode", MODES)
def test_no_byte_of_what_was_removed_is_left_after_compaction(tmp_path, mode):
    index, vectors = an_index(tmp_path, mode)
    gone = rounded(vectors[[3, 4, 1501]], PLAIN)
    needles = [row.tobytes() for row in gone] + [row.astype("<f4").tobytes() for row in gone]
    needles += [part.tobytes() for row in gone for part in row.reshape(-1, 8)]  # nor an eighth of it
    assert any(needles[0] in p.read_bytes() for p in tmp_path.iterdir())  # removed, not yet compacted
    index.compact()
    everything = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert not [n for n in needles if n in everything]
    assert np.int64(1501).tobytes() not in b"".join(p.read_bytes() for p in tmp_path.glob("*.i64"))


def test_only_the_named_files_and_the_lock_are_left(tmp_path):
    index, _ = an_index(tmp_path, "fast")
    (tmp_path / ".vectors-abc.part").write_bytes(b"an unfinished write")
    (tmp_path / "notes.txt").write_text("somebody's own")
    index.compact()
    kinds = sorted(p.name.split("-")[0] for p in tmp_path.iterdir())
    assert kinds == [".lock", "faiss", "ids", "index.json", "notes.txt", "vectors"]


def test_a_change_that_is_cut_off_anywhere_leaves_the_index_as_it_was(tmp_path, monkeypatch):
    index, vectors = an_index(tmp_path / "whole", "fast", n=600)
    before = index.search(vectors[:20], 5).ids
    for name in ("replace", "fsync"):
        real = getattr(os, name)
        for fatal in range(12):
            folder = tmp_path / f"{name}-{fatal}"
            shutil.copytree(tmp_path / "whole", folder)
            changed, calls = FaissIndex.open(folder), []
            changed.remove(before[0])

            def fails(*args, real=real, calls=calls, fatal=fatal, **kwargs):
                calls.append(args)
                if len(calls) > fatal:
                    raise OSError(28, "No space left on device")
                return real(*args, **kwargs)

            with monkeypatch.context() as patch:
                patch.setattr(os, name, fails)
                try:
                    changed.compact()
                except OSError:
                    now = FaissIndex.open(folder)
                    found = now.search(vectors[:20], 5).ids
                    after_the_switch = not np.isin(found, before[0]).any()
                    assert after_the_switch or np.array_equal(found, before)
                else:
                    assert len(calls) <= fatal
                    break
        else:
            pytest.fail("no run came to its end")


def test_two_writers_do_not_overwrite_each_other(tmp_path):
    an_index(tmp_path, "exact")
    first, second = FaissIndex.open(tmp_path), FaissIndex.open(tmp_path)
    first.remove([10])
    first.save()
    second.remove([11])
    for change in (second.save, second.compact, FaissIndex(tmp_path, PLAIN).save):
        with pytest.raises(InputError, match=r"was changed since it was opened; open it again"):
            change()
    assert 10 not in FaissIndex.open(tmp_path)


def test_another_models_index_is_told(tmp_path):
    an_index(tmp_path, "exact")
    with pytest.raises(IndexMismatch, match=r"vectors of 'model-a', not of 'model-b'; use that model, or build"):
        FaissIndex.open(tmp_path, model_id="model-b")
    with pytest.raises(IndexMismatch, match=r"weights abababababab.*weights cdcdcdcdcdcd"):
        FaissIndex.open(tmp_path, model_digest="cd" * 32)


def test_where_no_index_is_it_is_said(tmp_path):
    with pytest.raises(InputError, match=r"there is no index in .*; build it first"):
        FaissIndex.open(tmp_path)
    with pytest.raises(InputError, match=r"partition '\.\./x' cannot name a folder"):
        layout.folder_of(tmp_path, "m", "../x")


def test_partitions_are_indexes_of_their_own(tmp_path):
    a, b = (layout.folder_of(tmp_path, "m", part) for part in ("pop", "folk"))
    FaissIndex.build(a, PLAIN, [(clustered(20, 64), np.arange(20))])
    FaissIndex.build(b, PLAIN, [(clustered(30, 64), np.arange(30))])
    assert (len(FaissIndex.open(a)), len(FaissIndex.open(b))) == (20, 30)


def test_drift_is_told_when_new_vectors_are_unlike_the_old(tmp_path):
    alike = clustered(3300, 64) * np.array([1.0] * 16 + [0.05] * 48)
    index = FaissIndex.build(tmp_path, replace(PLAIN, mode="fast"), [(alike[:3000], np.arange(3000))])
    index.add(alike[3000:], np.arange(3000, 3300))
    assert not index.drift().retrain
    index.add(clustered(600, 64, seed=4)[:, ::-1], np.arange(5000, 5600))
    drift = index.drift()
    assert drift.retrain
    assert drift.ratio > 1.2
    assert index.facts["compact"]
    index.compact()
    assert not index.facts["compact"]


def mutated(content, kind, rng):
    """A file's bytes with something wrong in them."""
    data = bytearray(content)
    at = int(rng.integers(0, max(1, len(data))))
    if kind == "cut":
        return bytes(data[:at])
    if kind == "longer":
        return bytes(data) + rng.bytes(1 + at % 9)
    if kind == "flip":
        data[at] ^= 1 << int(rng.integers(0, 8))
    elif kind == "bytes":
        for place in rng.integers(0, len(data), 3):
            data[place] ^= 1 + int(rng.integers(0, 255))
    elif kind == "hostile":
        number = (2**63 - 1, 2**64 - 1, 2**40, 2**31)[int(rng.integers(0, 4))]
        at = min(at, len(data) - 8)
        data[at : at + 8] = number.to_bytes(8, "little")
    return bytes(data)


@pytest.mark.parametrize("mode", MODES)
def test_every_damaged_file_is_told_before_it_is_used(tmp_path, mode):
    an_index(tmp_path / "whole", mode, n=400)
    whole, told = FaissIndex.open(tmp_path / "whole"), 0
    rng, names = np.random.default_rng(440), [p.name for p in (tmp_path / "whole").iterdir() if p.name != ".lock"]
    for name in names:
        content = (tmp_path / "whole" / name).read_bytes()
        for turn in range(40):
            kind = ("cut", "longer", "flip", "bytes", "hostile")[turn % 5]
            worse = mutated(content, kind, rng)
            if worse == content or (name == "index.json" and json_of(worse) == json_of(content)):
                continue
            folder = tmp_path / "broken"
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(tmp_path / "whole", folder)
            (folder / name).write_bytes(worse)
            with pytest.raises(IntegrityError, match=r"build the index again"):
                FaissIndex.open(folder)
            told += 1
    assert told >= 190
    assert len(whole) == 497


def json_of(content):
    try:
        return json.loads(content)
    except ValueError:
        return None


EDITS = {
    "one row more": lambda body: body.update(n_vectors=body["n_vectors"] + 1),
    "fewer rows": lambda body: body.update(n_vectors=10),
    "no rows": lambda body: body.update(n_vectors=0),
    "a huge number": lambda body: body.update(n_vectors=2**62),
    "a negative number": lambda body: body.update(n_added=-1),
    "a number as text": lambda body: body.update(n_vectors="400"),
    "another total": lambda body: body.update(ntotal=3),
    "other ids": lambda body: body.update(ids_sha256="0" * 64),
    "another width": lambda body: body["spec"].update(dim=128),
    "a huge width": lambda body: body["spec"].update(dim=2**40),
    "keys": lambda body: body["spec"].update(keyed=True),
    "no spec": lambda body: body.pop("spec"),
    "a spec too many": lambda body: body["spec"].update(trust=True),
    "another way": lambda body: body.update(mode="exact"),
    "a way there is none": lambda body: body.update(mode="quick"),
    "another factory": lambda body: body.update(factory="IVF4,PQ32x4fs"),
    "nothing added": lambda body: body.update(n_added=0),
    "nothing removed": lambda body: body.update(n_removed=0),
    "a file less": lambda body: body["files"].pop("ids"),
    "a path": lambda body: body["files"]["ids"].update(name="../../etc/passwd"),
    "a file swapped": lambda body: body["files"].update(ids=body["files"]["removed"]),
    "vectors as codes": lambda body: body["files"].update(faiss=body["files"]["vectors"]),
    "a file's size": lambda body: body["files"]["vectors"].update(size=1),
    "a file's digest": lambda body: body["files"]["vectors"].update(sha256="0" * 64),
    "another format": lambda body: body.update(format="versionmatch.index/9"),
    "a list": lambda body: body.update(files=[]),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_sidecar_that_was_edited_is_told_even_if_its_digest_was_made_anew(tmp_path, edit):
    an_index(tmp_path, "fast", n=400)
    path = tmp_path / "index.json"
    for renewed in (False, True):
        body = json.loads(path.read_text())
        digest = body.pop("digest")
        EDITS[edit](body)
        body["digest"] = layout._digest(body) if renewed else digest
        (tmp_path / "edited").mkdir(exist_ok=True)
        shutil.copytree(tmp_path, tmp_path / "edited", dirs_exist_ok=True, ignore=shutil.ignore_patterns("edited"))
        (tmp_path / "edited" / "index.json").write_text(json.dumps(body))
        with pytest.raises(IntegrityError):
            FaissIndex.open(tmp_path / "edited")


def test_a_missing_file_is_told(tmp_path):
    an_index(tmp_path, "fast", n=400)
    for path in list(tmp_path.glob("*-*")):
        content = path.read_bytes()
        path.unlink()
        with pytest.raises(IntegrityError, match="cannot be read"):
            FaissIndex.open(tmp_path)
        path.write_bytes(content)
    assert len(FaissIndex.open(tmp_path)) == 497
