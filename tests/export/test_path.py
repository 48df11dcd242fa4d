import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.export.conftest import passage
from versionmatch.align.chain import forward_chain, joint_path
from versionmatch.export.path import simplified


def test_a_repeat_that_jumps_back_stays_out_of_the_chain(match):
    assert forward_chain(match.passages) == (match.passages[0], match.passages[1])


def test_the_joint_path_rises_in_both_recordings(match):
    points = joint_path(match.passages)
    assert (np.diff(points, axis=0) > 0).all()
    assert points[0].tolist() == [2.0, 6.0]
    assert points[-1].tolist() == [19.0, 19.5]


def test_without_passages_there_is_no_path():
    assert joint_path(()).shape == (0, 2)


blocks = st.tuples(st.integers(0, 30), st.integers(1, 9), st.integers(0, 30), st.integers(1, 9), st.integers(1, 9))


def follows(a, b):
    """``b`` after ``a`` with at most 1 s of overlap, and past it, on both sides."""
    return all(
        getattr(b.span, f"{side}_start_s") >= getattr(a.span, f"{side}_end_s") - 1.0
        and getattr(b.span, f"{side}_start_s") > getattr(a.span, f"{side}_start_s")
        and getattr(b.span, f"{side}_end_s") > getattr(a.span, f"{side}_end_s")
        for side in ("query", "reference")
    )


@given(st.lists(blocks, max_size=6))
def test_the_chain_weighs_as_much_as_the_best_of_all_subsets(found):
    passages = [passage((q, q + dq), (r, r + dr), s / 10) for q, dq, r, dr, s in found]

    def weight(chain):
        return sum(p.span.query_duration_s * p.similarity for p in chain)

    subsets = itertools.chain.from_iterable(
        itertools.combinations(sorted(passages, key=lambda p: p.span.query_start_s), n)
        for n in range(len(passages) + 1)
    )
    best = max(weight(s) for s in subsets if all(follows(a, b) for a, b in itertools.pairwise(s)))
    chain = forward_chain(passages)
    assert all(follows(a, b) for a, b in itertools.pairwise(chain))
    assert np.isclose(weight(chain), best)


moves_s = st.integers(0, 300).map(lambda ms: ms / 1000)
steps = st.lists(st.tuples(moves_s, moves_s), min_size=1, max_size=40)


@given(steps, st.floats(0.001, 0.2))
def test_a_simplified_path_stays_within_its_tolerance_and_keeps_its_ends(moves, tolerance_s):
    path = np.cumsum(np.array([(0.0, 0.0), *moves]), axis=0)
    corners = simplified(path, tolerance_s)
    assert (corners[0] == path[0]).all()
    assert (corners[-1] == path[-1]).all()
    for point in path:
        nearest = min(distance(point, a, b) for a, b in itertools.pairwise(corners))
        assert nearest <= tolerance_s + 1e-9


def distance(point, start, end):
    """Of a point from the segment between start and end."""
    along = end - start
    share = np.clip((point - start) @ along / (along @ along), 0, 1) if along.any() else 0.0
    return float(np.hypot(*(point - start - share * along)))
