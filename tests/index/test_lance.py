"""An index in LanceDB's tables; the seam's own rules are in ``tests/test_conformance.py``."""

import json

import numpy as np
import pytest

from tests.index.vectors_here import KEYED, SQUARE, clustered
from versionmatch.errors import InputError, IntegrityError
from versionmatch.index.lance import HINT, LanceIndex
from versionmatch.index.vectors import FaissIndex

pytest.importorskip("lancedb", reason="LanceDB is not installed: extra [lancedb]")


@pytest.mark.parametrize("spec", [KEYED, SQUARE], ids=["keyed", "mean square"])
def test_it_finds_what_the_embedded_index_finds_to_the_last_bit(tmp_path, spec):
    found = []
    for kind in (LanceIndex, FaissIndex):
        index = kind(tmp_path / kind.name, spec)
        index.add(clustered(400, spec.width), np.arange(400))
        found.append(index.search(clustered(20, spec.width, seed=2), 5))
        index.close()
    assert np.array_equal(found[0].ids, found[1].ids)
    assert np.array_equal(found[0].scores, found[1].scores)
    assert np.array_equal(found[0].keys, found[1].keys)


def test_what_was_not_saved_is_not_there_when_opened(tmp_path):
    index = LanceIndex(tmp_path, KEYED)
    index.add(clustered(40, KEYED.width), np.arange(40))
    index.save()
    index.remove(range(10))
    index.add(clustered(5, KEYED.width), np.arange(100, 105))
    assert len(index) == 35
    assert len(LanceIndex.open(tmp_path)) == 40


def test_damage_is_told(tmp_path):
    index = LanceIndex(tmp_path, KEYED)
    index.add(clustered(40, KEYED.width), np.arange(40))
    index.save()
    for path in sorted(p for p in tmp_path.rglob("*") if p.is_file()):
        if path.name == HINT:
            path.write_bytes(b"nonsense")
            assert len(LanceIndex.open(tmp_path)) == 40
            continue
        content = path.read_bytes()
        for worse in (content[:-1], bytes([content[0] ^ 1]) + content[1:], content + b"0"):
            if path.name == "index.json" and _json(worse) == _json(content):
                continue
            path.write_bytes(worse)
            with pytest.raises(IntegrityError, match="delete the folder and build the index again"):
                LanceIndex.open(tmp_path)
        path.write_bytes(content)
    assert len(LanceIndex.open(tmp_path)) == 40


def test_compaction_leaves_one_table(tmp_path):
    index = LanceIndex(tmp_path, KEYED)
    index.add(clustered(40, KEYED.width), np.arange(40))
    index.save()
    index.compact()
    assert len(list(tmp_path.glob("table-*"))) == 1
    with pytest.raises(InputError, match="id 3 is there already; remove it first"):
        index.add(clustered(1, KEYED.width), [3])


def _json(content):
    try:
        return json.loads(content)
    except ValueError:
        return None
