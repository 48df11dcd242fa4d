"""The rule by which a ranking is worth something or nothing."""

import numpy as np
import pytest

from versionmatch.attribution.verdict import ALPHA, Panel, judge, p_of


def rows(n, seed=0, items=200):
    rng = np.random.default_rng(seed)
    return rng.standard_t(4, size=(n, items)) * np.linspace(0.5, 2, items) + 3  # heavy tails, items unlike each other


def test_pieces_like_the_panel_are_ranked_in_a_share_of_alpha_at_most():
    """400 of them, each beside a panel of its own: 1 / 25 of 400 is 16, and 28 would be three deviations more."""
    found = [judge(pool[-1], Panel.ungated(pool[:-1]), {}).word for s in range(400) if len(pool := rows(25, s))]
    assert set(found) == {"ranked", "unattributable"}
    assert 4 <= found.count("ranked") <= 28


def test_a_piece_with_a_planted_influence_is_ranked():
    words = []
    for s in range(40):
        pool = rows(25, s)
        pool[-1, [3, 50]] += 25
        words.append(judge(pool[-1], Panel.ungated(pool[:-1]), {}).word)
    assert words.count("ranked") >= 36


def test_items_that_matter_to_everything_are_nobodys_in_particular():
    pool = rows(25)
    pool[:, 7] += 100
    assert judge(pool[-1], Panel.ungated(pool[:-1]), {}).word == "unattributable"


@pytest.mark.parametrize("panel", [None, Panel.ungated(rows(23))])
def test_without_a_panel_of_24_nothing_is_better_than_weak(panel):
    verdict = judge(rows(1)[0], panel, {})
    assert (verdict.word, verdict.p_value) == ("weak", None)
    assert "of 24 that are needed" in verdict.reasons[0]


def strong():
    pool = rows(25)
    pool[-1, :6] += 60
    return pool[-1], Panel.ungated(pool[:-1])


@pytest.mark.parametrize(
    ("facts", "reason"),
    [({"rise": 0.0}, "would not rise"), ({"rise": 0.1, "collateral": 0.4}, "held-out pieces by 40 %")],
)
def test_a_probe_that_did_not_work_is_refused(facts, reason):
    scores, panel = strong()
    verdict = judge(scores, panel, facts)
    assert verdict.word == "refused"
    assert reason in verdict.reasons[0]


def test_what_stands_out_within_its_noise_is_weak():
    scores, panel = strong()
    assert judge(scores, panel, {}, errors=np.full(200, 1.0)).word == "ranked"
    assert judge(scores, panel, {}, errors=np.full(200, 50.0)).word == "weak"


def test_models_that_name_other_items_make_it_weak():
    scores, panel = strong()
    other = scores.copy()
    other[:6], other[100:106] = 0, 60
    assert judge(scores, panel, {}, by_model=np.stack([scores, scores])).word == "ranked"
    verdict = judge(scores, panel, {}, by_model=np.stack([scores, other]))
    assert verdict.word == "weak"
    assert "0 % in common" in verdict.reasons[0]


def test_behind_a_gate_pieces_like_the_panel_are_still_ranked_in_a_share_of_alpha():
    """Each piece's gate lets pass what is high for it: a panel seen through the query's gate would look too plain."""
    found = []
    for s in range(300):
        pool = rows(25, 1000 + s)
        own = np.zeros(pool.shape, bool)
        for i, row in enumerate(pool):
            own[i, np.argsort(-row)[:40]] = True
        query = np.where(own[-1], pool[-1], np.nan)
        found.append(p_of(query, Panel(pool[:-1], own[:-1])) <= ALPHA)
    assert 2 <= sum(found) <= 24
