import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.naive_rights import naive_allowed
from tests.rights.logs import ASSETS, BASE, LICENSED, TIMES, entered, facts, grant
from versionmatch.audit.entry import Entry
from versionmatch.errors import InputError
from versionmatch.rights.allowed import allowed
from versionmatch.rights.effects import what_if
from versionmatch.rights.facts import SCOPES, WHOLE
from versionmatch.rights.manifest import Manifest, freeze
from versionmatch.rights.state import State

N_LOGS = 1500  # `python -m tests.rights.many_logs` takes 10,000


def check_a_random_log(said, scope, at, model_version, territory):
    """Every asset, also one that is not known, as the slow twin has it, on the whole log and on its first half."""
    entries, state = entered((*BASE, *said))
    yes = 0
    for prefix, known in ((entries, state), (entries[: len(entries) // 2], State.of(entries[: len(entries) // 2]))):
        for asset in (*ASSETS, "unknown"):
            found = allowed(known, asset, scope, at, model_version=model_version, territory=territory)
            assert bool(found) == naive_allowed(prefix, asset, scope, at, model_version, territory)
            assert found.reasons
            assert bool(found.grants) == bool(found)
            yes += bool(found)
    return yes


random_log = given(
    st.one_of(st.lists(facts, max_size=14), st.lists(facts, max_size=10).map(lambda said: [*LICENSED, *said])),
    st.sampled_from(SCOPES),
    st.sampled_from(TIMES),
    st.sampled_from(["", "v1", "v2"]),
    st.sampled_from(["", "SE", "DE"]),
)


@settings(max_examples=N_LOGS, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@random_log
def test_what_is_allowed_is_what_the_slow_twin_finds_in_any_log(said, scope, at, model_version, territory):
    check_a_random_log(said, scope, at, model_version, territory)


few = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
with_grants = st.lists(facts, max_size=10).map(lambda said: [*LICENSED, *said])


@few
@given(with_grants, st.sampled_from(SCOPES), st.sampled_from(TIMES))
def test_a_frozen_corpus_holds_what_is_permitted_then_and_nothing_else(said, scope, at):
    entries, state = entered((*BASE, *said))
    manifest, without = freeze(state, ASSETS, scope=scope, at=at, model_version="v1")
    assert manifest.assets == {a for a in ASSETS if naive_allowed(entries, a, scope, at, "v1")}
    assert without.keys() == set(ASSETS) - manifest.assets
    assert Manifest.of_json(manifest.to_json(), manifest.root) == manifest


@few
@given(with_grants, st.sampled_from(["g-master", "g-work"]), st.sampled_from(TIMES))
def test_a_dry_run_foretells_what_the_revocation_does_in_any_log(said, name, effective):
    entries, state = entered((*BASE, *said))
    told = what_if(state, [name], effective, {}, at=TIMES[6])
    after = [*entries, Entry(len(entries), "", TIMES[6], "test", "revocation", {"grant": name, "effective": effective})]
    versions = {"", *(v for v in state.grants[name].models if v != "*")}
    for asset in ASSETS:
        lost = {
            scope
            for scope in SCOPES
            for v in versions
            if naive_allowed(entries, asset, scope, TIMES[6], v) and not naive_allowed(after, asset, scope, TIMES[6], v)
        }
        assert set(told.scopes.get(asset, ())) == lost


def ask(*said, asset="a1", scope="train", at=TIMES[3], model_version="v1", territory=""):
    return allowed(entered((*BASE, *said))[1], asset, scope, at, model_version=model_version, territory=territory)


def test_both_rights_together_permit():
    found = ask(*LICENSED)
    assert found
    assert found.grants == ("g-master", "g-work")


def test_nothing_said_is_a_no():
    assert not ask()
    assert not ask(asset="nobody")


@pytest.mark.parametrize("missing", [0, 1])
def test_one_right_alone_is_a_no_that_names_the_other(missing):
    found = ask(LICENSED[1 - missing])
    assert not found
    assert ("master", "publishing")[missing] in found.reasons[0]


def test_a_share_of_four_tenths_that_is_not_granted_is_a_no_with_the_holder_named():
    found = ask(grant("m", "ada", "master", {"kind": "asset", "id": "a2"}), *LICENSED,
                grant("p", "ada", "publishing", {"kind": "work", "id": "w2"}), asset="a2")  # fmt: skip
    assert "publishing of work w2: 40 % not granted, by ben" in found.reasons


def test_shares_that_do_not_add_up_are_a_no():
    found = ask(*LICENSED, ("work", {"id": "w1", "shares": {"ada": WHOLE - 10_000}}))
    assert "of 1 % the holder is not known" in found.reasons[0]


def test_a_recording_without_a_known_work_is_a_no():
    found = ask(*LICENSED, ("recording", {"id": "r1", "works": [], "owners": {"ben": WHOLE}}))
    assert "no work of it is known" in found.reasons[0]


def test_one_who_forbids_outweighs_all_who_permit():
    forbids = grant("no", "ada", "publishing", {"kind": "work", "id": "w1"}, effect="deny", scopes=["train"])
    assert "ada forbids it (grant no)" in ask(*LICENSED, forbids).reasons[0]
    assert ask(*LICENSED, forbids, scope="display")


def test_a_licence_for_one_model_is_none_for_the_next():
    assert not ask(*LICENSED, model_version="v2")
    assert not ask(*LICENSED, model_version="")
    assert ask(*LICENSED, scope="index", model_version="")


def test_a_grant_for_sweden_is_none_for_the_world():
    swedish = [("grant", {**body, "territories": ["SE"]}) for _, body in LICENSED]
    assert ask(*swedish, territory="SE")
    assert not ask(*swedish, territory="DE")
    assert not ask(*swedish)


def test_a_grant_begins_at_its_start_and_is_over_at_its_end():
    dated = [("grant", {**body, "start": TIMES[1], "end": TIMES[4]}) for _, body in LICENSED]
    assert [bool(ask(*dated, at=at)) for at in TIMES] == [False, True, True, True, False, False, False]


def test_a_grant_entered_later_does_not_reach_back():
    first = [("party", {"id": "ada"})] * 8
    assert not ask(*first, *LICENSED, at=TIMES[1])  # its start was earlier, but it was entered in March
    assert ask(*first, *LICENSED, at=TIMES[2])


def test_a_revocation_ends_a_grant_from_its_date_on_and_no_later_one_mends_that():
    ended = ("revocation", {"grant": "g-work", "effective": TIMES[4]})
    assert [bool(ask(*LICENSED, ended, at=at)) for at in TIMES[3:6]] == [True, False, False]
    assert not ask(*LICENSED, ended, ("revocation", {"grant": "g-work", "effective": TIMES[6]}), at=TIMES[5])


def test_a_catalogue_grant_reaches_what_it_held_then_and_nothing_put_in_later():
    held = ("catalogue", {"id": "c1", "members": [{"kind": "work", "id": "w2"}]})
    given_ = grant("cat", "ada", "publishing", {"kind": "catalogue", "id": "c1"})
    more = ("catalogue", {"id": "c1", "members": [{"kind": "work", "id": "w1"}]})
    assert ask(LICENSED[0], given_)
    assert not ask(LICENSED[0], held, given_, more)


def test_a_reservation_is_told_and_a_grant_overrides_it():
    reserved = ("reservation", {"subject": {"kind": "work", "id": "w1"}, "reserved": 1, "policy": "https://p.example"})
    assert "reserved against mining, policy https://p.example" in ask(LICENSED[0], reserved).reasons[0]
    assert ask(*LICENSED, reserved)


def test_the_first_entries_alone_decide_what_was_known_then():
    entries, _ = entered((*BASE, *LICENSED, ("revocation", {"grant": "g-work", "effective": TIMES[0]})))
    assert allowed(State.of(entries[:-1]), "a1", "train", TIMES[3], model_version="v1")
    assert not allowed(State.of(entries), "a1", "train", TIMES[3], model_version="v1")


@pytest.mark.parametrize(
    ("kind", "body", "about"),
    [
        ("grant", {**LICENSED[0][1], "grantor": "eve"}, "there is no party 'eve'"),
        ("grant", {**LICENSED[0][1], "scopes": ["sing"]}, "one of store, index"),
        ("grant", {**LICENSED[0][1], "end": TIMES[0]}, "is not after its start"),
        ("grant", {**LICENSED[0][1], "colour": "red"}, r"a grant has no \['colour'\]"),
        ("work", {"id": "w3", "shares": {"ada": WHOLE, "ben": 1}}, "1000000 at most in all"),
        ("work", {"id": "w3", "shares": {"ada": 0.5}}, "whole numbers above 0"),
        ("work", {"id": "w 3", "shares": {}}, "signs without blanks"),
        ("revocation", {"grant": "g9", "effective": TIMES[0]}, "there is no grant 'g9'"),
        ("revocation", {"grant": "g9", "effective": "yesterday"}, "is no time"),
        ("wish", {}, "there is no kind of entry 'wish'"),
    ],
)
def test_what_is_not_right_is_not_entered(kind, body, about):
    with pytest.raises(InputError, match=about):
        entered(BASE)[1].check(kind, body)


def test_a_grant_is_entered_once():
    with pytest.raises(InputError, match="there is a grant 'g-work' already"):
        entered((*BASE, *LICENSED))[1].check(*LICENSED[1])
