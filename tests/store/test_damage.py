"""Bytes of a catalogue are changed at random: each change is noticed before use, harmless, or put right."""

import random
import shutil
import sqlite3

import pytest

from tests.jobs.sounds import Inline, folder_of
from versionmatch.errors import IntegrityError, VersionMatchError
from versionmatch.jobs.catalogue import Catalogue
from versionmatch.store.facts import fact_lines
from versionmatch.store.settings import CatalogueSettings

TRIES = {"features": 300, "catalogue.db": 500, "catalogue.toml": 150, "ledger.jsonl": 250}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A catalogue of three tunes, closed, and the folder of its sounds."""
    base = tmp_path_factory.mktemp("whole")
    sounds = folder_of(base / "sounds", 3)
    catalogue = Catalogue.create(base / "a.catalogue", kinds=("waveform",))
    catalogue.add(sounds, jobs=1, executor=Inline())
    first, second, _ = [r.id for r in catalogue.recordings()]
    catalogue.decide(first, second, "not a duplicate")
    catalogue.close()
    return base / "a.catalogue"


def mutated(data, rng):
    """The bytes with a few flipped, some zeroed, cut out, put in or doubled, or the end missing."""
    data, at = bytearray(data), rng.randrange(max(1, len(data)))
    kind = rng.randrange(6)
    if kind == 0:
        for _ in range(rng.randint(1, 3)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == 1:
        data[at : at + rng.randint(1, 64)] = bytes(min(64, len(data) - at))
    elif kind == 2:
        del data[at : at + rng.randint(1, 32)]
    elif kind == 3:
        data[at:at] = rng.randbytes(rng.randint(1, 16))
    elif kind == 4:
        data = data[:at]
    else:
        data[at : at + 8] = (rng.choice([0, 1, 2**31, 2**63, 2**64 - 1])).to_bytes(8, "little")
    return bytes(data)


def knowledge(root):
    """All that the catalogue says, read through its own doors; raises where anything is damaged."""
    with Catalogue.open(root) as catalogue:
        features = [catalogue.view(r.id)["waveform"].values.tobytes() for r in catalogue.recordings()]
        with catalogue.store.reading() as connection:
            facts = list(fact_lines(connection))
        return catalogue.settings, facts, features, catalogue.decisions()


@pytest.mark.parametrize("part", TRIES)
def test_damage_is_noticed_before_use_or_harmless(whole, tmp_path, part):
    root = tmp_path / "b.catalogue"
    shutil.copytree(whole, root)
    known, rng, noticed = knowledge(root), random.Random(440), 0
    path = sorted((root / "features").rglob("*.safetensors"))[0] if part == "features" else root / part
    original = path.read_bytes()
    for _ in range(TRIES[part]):
        damaged = mutated(original, rng)
        path.write_bytes(damaged)
        for extra in root.glob("catalogue.db-*"):
            extra.unlink()
        try:
            with Catalogue.open(root) as catalogue:
                findings = catalogue.verify()
        except (VersionMatchError, OSError):
            noticed += 1
            continue
        if findings:
            noticed += 1
        else:
            assert knowledge(root) == known
    assert noticed >= (0.5 if part == "catalogue.db" else 0.8) * TRIES[part]  # half of a small database is empty space


@pytest.mark.parametrize("part", ["features", "catalogue.toml", "ledger.jsonl"])
def test_damage_that_can_be_repaired_is_repaired(whole, tmp_path, part):
    root, rng = tmp_path / "b.catalogue", random.Random(441)
    shutil.copytree(whole, root)
    with Catalogue.open(root) as catalogue:
        facts = catalogue.facts_sha256()
    path = sorted((root / "features").rglob("*.safetensors"))[0] if part == "features" else root / part
    original = path.read_bytes()
    for _ in range(20):
        path.write_bytes(mutated(original, rng))
        try:
            with Catalogue.open(root) as catalogue:
                catalogue.verify(repair=True)
        except VersionMatchError:
            from versionmatch.store.verify import verify

            verify(root, repair=True)
        path_text = CatalogueSettings(kinds=("waveform",)).to_toml()
        (root / "catalogue.toml").write_text(path_text)
        with Catalogue.open(root) as catalogue:
            catalogue.add(jobs=1, executor=Inline())
            assert not [f for f in catalogue.verify() if f.serious]
            assert catalogue.facts_sha256() == facts
        if part == "features":
            assert path.read_bytes() == original
        if part == "ledger.jsonl":
            original = path.read_bytes()


def test_a_damaged_feature_is_never_handed_out(whole, tmp_path):
    root = tmp_path / "b.catalogue"
    shutil.copytree(whole, root)
    path = sorted((root / "features").rglob("*.safetensors"))[0]
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    with (
        Catalogue.open(root) as catalogue,
        pytest.raises(IntegrityError, match=r"safetensors is not what was written; .*verify --repair.*index add"),
    ):
        _ = catalogue.view(path.stem)["waveform"]


def test_a_changed_fact_is_noticed_even_where_sqlite_finds_nothing_wrong(whole, tmp_path):
    root = tmp_path / "b.catalogue"
    shutil.copytree(whole, root)
    with sqlite3.connect(root / "catalogue.db") as connection:
        connection.execute("UPDATE recordings SET duration_s = duration_s + 1")
    connection.close()
    with (
        Catalogue.open(root) as catalogue,
        pytest.raises(IntegrityError, match=r"of recordings in catalogue\.db is not"),
    ):
        list(catalogue.recordings())


def test_a_database_older_than_its_ledger_is_noticed(whole, tmp_path):
    root = tmp_path / "b.catalogue"
    shutil.copytree(whole, root)
    older = (root / "catalogue.db").read_bytes()
    with Catalogue.open(root) as catalogue:
        catalogue.decide("a", "b", "not a duplicate")
    for extra in root.glob("catalogue.db-*"):
        extra.unlink()
    (root / "catalogue.db").write_bytes(older)
    with (
        Catalogue.open(root) as catalogue,
        pytest.raises(IntegrityError, match="the database is older than its ledger"),
    ):
        catalogue.verify()
