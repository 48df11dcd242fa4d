import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.naive_rights import naive_root
from versionmatch.audit.canonical import canonical
from versionmatch.audit.merkle import (
    Frontier,
    consistency_proof,
    consistent,
    included,
    inclusion_proof,
    leaf_hash,
    root_of,
)
from versionmatch.audit.note import Checkpoint
from versionmatch.errors import InputError, IntegrityError


# RFC 8785, 3.2.4 and appendix B
@pytest.mark.parametrize(
    ("number", "spelt"),
    [
        (0.0, "0"), (-0.0, "0"), (5e-324, "5e-324"), (-5e-324, "-5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (9007199254740992.0, "9007199254740992"), (295147905179352830000.0, "295147905179352830000"),
        (9.999999999999997e22, "9.999999999999997e+22"), (1e23, "1e+23"),
        (999999999999999700000.0, "999999999999999700000"),
        (1e21, "1e+21"), (9.999999999999997e-7, "9.999999999999997e-7"), (0.000001, "0.000001"),
        (333333333.3333333, "333333333.3333333"), (333333333.33333325, "333333333.33333325"), (1e30, "1e+30"),
        (4.5, "4.5"), (2e-3, "0.002"), (1e-27, "1e-27"),
    ],
)  # fmt: skip
def test_numbers_are_spelt_as_the_standard_prints_them(number, spelt):
    assert canonical(number).decode() == spelt


def test_keys_are_sorted_by_utf_16_as_in_the_standard():
    given_ = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "\xf6": 7}
    assert list(json.loads(canonical(given_)).values()) == [2, 4, 6, 7, 1, 5, 3]


def test_text_is_spelt_as_in_the_standard():
    assert canonical('\u20ac$\x0f\nA\'B"\\\\"/') == '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'.encode()


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), 1 << 53, "\ud800", {1: 2}, {"a": {3}}])
def test_what_json_cannot_say_exactly_is_refused(odd):
    with pytest.raises(InputError):
        canonical(odd)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(values)
def test_canonical_bytes_say_the_same_and_are_canonical(value):
    again = json.loads(canonical(value), parse_int=lambda s: float(s) if abs(int(s)) >= 2**53 else int(s))
    assert again == value
    assert canonical(again) == canonical(value)


def lines_of(n):
    return [f"entry {i}".encode() for i in range(n)]


def test_roots_are_those_of_the_definition_at_every_size():
    frontier, leaves = Frontier(), []
    for n, line in enumerate(lines_of(70)):
        assert frontier.root() == root_of(leaves) == naive_root(lines_of(n))
        leaves.append(leaf_hash(line))
        frontier.add(leaves[-1])


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 13])
def test_every_leaf_is_shown_to_be_in_and_no_other_is(n):
    leaves = [leaf_hash(line) for line in lines_of(n)]
    root = root_of(leaves)
    for i in range(n):
        proof = inclusion_proof(leaves, i)
        assert included(leaves[i], i, n, proof, root)
        assert not included(leaf_hash(b"other"), i, n, proof, root)
        assert not included(leaves[i], i, n, (*proof, root), root)
        assert n == 1 or not included(leaves[i], (i + 1) % n, n, proof, root)


@pytest.mark.parametrize("newer", [1, 2, 5, 8, 13])
def test_a_log_that_grew_is_consistent_and_one_that_was_changed_is_not(newer):
    leaves = [leaf_hash(line) for line in lines_of(newer)]
    root = root_of(leaves)
    for older in range(newer + 1):
        proof, old = consistency_proof(leaves, older), root_of(leaves[:older])
        assert consistent(older, newer, proof, old, root)
        if older:
            assert not consistent(older, newer, proof, leaf_hash(b"x"), root)
            assert not consistent(older, newer, proof, old, leaf_hash(b"x"))
        assert not consistent(older, newer, (*proof, old), old, root)


def test_roots_and_proofs_are_those_of_another_library():
    pymerkle = pytest.importorskip("pymerkle")
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    leaves = []
    for n, line in enumerate(lines_of(40), 1):
        tree.append_entry(line)
        leaves.append(leaf_hash(line))
        assert tree.get_root() == root_of(leaves)
        assert n == tree.get_size()
    theirs = tree.prove_inclusion(12, 40)
    pymerkle.verify_inclusion(leaves[11], root_of(leaves), theirs)
    ours = [node.hex() for node in inclusion_proof(leaves, 11)]
    assert ours == [node if isinstance(node, str) else node.hex() for node in theirs.serialize()["path"]][1:]


def test_a_checkpoint_is_the_text_of_the_standard():
    checkpoint = Checkpoint("example.org/log", 3, bytes(32))
    assert checkpoint.text == "example.org/log\n3\n" + "A" * 43 + "=\n"
    assert Checkpoint.of(checkpoint.signed(lambda _: b"s" * 64, b"k" * 32)) == checkpoint


@pytest.mark.parametrize("note", ["", "a\n1\n", "a\nb\nc\n\n— a AA\n", "a\n1\nAA==\n\n— a AA\n"])
def test_what_is_no_checkpoint_is_told(note):
    with pytest.raises(IntegrityError, match="a checkpoint cannot be read"):
        Checkpoint.of(note)
