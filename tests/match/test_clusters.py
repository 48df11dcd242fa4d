"""Clusters join over same recordings alone, whatever the order, and never against a decision."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.naive_match import connected
from versionmatch.errors import InputError
from versionmatch.match.clusters import Edge, clustered

NAMES = st.sampled_from("abcdefgh")
PAIRS = st.tuples(NAMES, NAMES).filter(lambda pair: pair[0] != pair[1])
EDGES = st.lists(
    st.builds(
        lambda pair, relation, score: Edge(*pair, relation, score),
        PAIRS,
        st.sampled_from(["same recording", "altered recording", "version", "related passage"]),
        st.integers(0, 100).map(lambda n: n / 100),
    ),
    max_size=20,
)


def same(a, b, score=0.9):
    return Edge(a, b, "same recording", score)


def members(found):
    return [c.members for c in found.clusters]


def test_weaker_relations_never_join():
    edges = [same("a", "b"), Edge("b", "c", "version", 1.0), same("c", "d"), Edge("a", "e", "altered recording", 1.0)]
    assert members(clustered(edges)) == [("a", "b"), ("c", "d")]


def test_a_cluster_tells_its_weakest_joining_edge():
    found = clustered([same("a", "b", 0.99), same("b", "c", 0.7), same("a", "c", 0.6)])
    assert [(c.id, c.members, c.least) for c in found.clusters] == [("a", ("a", "b", "c"), 0.7)]


def test_a_decision_keeps_two_apart_even_by_way_of_a_third():
    edges = [same("a", "b", 0.99), same("b", "c", 0.8)]
    found = clustered(edges, apart=[("c", "a")])
    assert members(found) == [("a", "b")]
    assert [e.pair for e in found.refused] == [("b", "c")]


@given(EDGES)
def test_without_decisions_clusters_are_the_connected_parts(edges):
    wanted = connected([e.pair for e in edges if e.relation == "same recording"])
    assert members(clustered(edges)) == wanted
    assert clustered(edges).refused == ()


@given(EDGES, st.lists(PAIRS, max_size=4), st.randoms())
def test_neither_order_nor_direction_changes_anything(edges, apart, random):
    mixed = [Edge(e.reference, e.query, e.relation, e.score) for e in random.sample(edges, len(edges))]
    one, two = clustered(edges, apart), clustered(mixed, [pair[::-1] for pair in apart])
    assert one.clusters == two.clusters
    assert sorted(e.pair for e in one.refused) == sorted(e.pair for e in two.refused)


@given(EDGES, st.lists(PAIRS, max_size=6))
def test_what_was_decided_apart_is_never_together(edges, apart):
    for cluster in clustered(edges, apart).clusters:
        assert not any({a, b} <= set(cluster.members) for a, b in apart)


def test_nothing_is_related_to_itself():
    with pytest.raises(InputError, match="'a' cannot be related to itself"):
        same("a", "a")
