"""Random logs of rights, small enough for many of them, and a small corpus with known rights."""

import itertools

from hypothesis import strategies as st

from versionmatch.audit.entry import START, Entry
from versionmatch.errors import InputError
from versionmatch.rights.facts import EFFECTS, RIGHTS, SCOPES, WHOLE
from versionmatch.rights.state import State

PARTIES, WORKS, RECORDINGS, ASSETS = ("ada", "ben"), ("w1", "w2"), ("r1", "r2"), ("a1", "a2", "a3")
MODELS, TERRITORIES = ("v1", "v2"), ("SE", "DE", "world")
TIMES = tuple(f"2026-0{month}-01T00:00:00Z" for month in range(1, 8))

ids = itertools.count()
shares = st.sampled_from(
    [{"ada": WHOLE}, {"ben": WHOLE}, {"ada": 600_000, "ben": 400_000}, {"ada": WHOLE - 1}, {"ada": 1, "ben": 999_999}]
)
subjects = st.sampled_from(
    [{"kind": "asset", "id": a} for a in ASSETS]
    + [{"kind": "recording", "id": r} for r in RECORDINGS]
    + [{"kind": "work", "id": w} for w in WORKS]
    + [{"kind": "catalogue", "id": c} for c in ("c1", "c2")]
)


def some(values, least=0):
    return st.lists(st.sampled_from(values), unique=True, min_size=least, max_size=len(values))


grants = st.fixed_dictionaries(
    {
        "id": st.sampled_from([f"g{i}" for i in range(30)]),
        "grantor": st.sampled_from(PARTIES),
        "effect": st.sampled_from((*EFFECTS[:1] * 7, "deny")),
        "subject": subjects,
        "right": st.sampled_from(RIGHTS),
        "scopes": st.one_of(st.just(list(SCOPES)), some(SCOPES, 1)),
        "models": st.one_of(st.just(["*"]), some(MODELS)),
        "territories": st.one_of(st.just(["world"]), some(TERRITORIES, 1)),
        "start": st.sampled_from(TIMES[:3]),
        "end": st.sampled_from([None, None, *TIMES[4:]]),
    }
)
facts = st.one_of(
    st.tuples(st.just("work"), st.fixed_dictionaries({"id": st.sampled_from(WORKS), "shares": shares})),
    st.tuples(
        st.just("recording"),
        st.fixed_dictionaries({"id": st.sampled_from(RECORDINGS), "works": some(WORKS), "owners": shares}),
    ),
    st.tuples(
        st.just("asset"),
        st.fixed_dictionaries({"id": st.sampled_from(ASSETS), "recording": st.sampled_from(RECORDINGS)}),
    ),
    st.tuples(
        st.just("catalogue"),
        st.fixed_dictionaries(
            {"id": st.sampled_from(["c1", "c2"]), "members": st.lists(subjects, max_size=4, unique_by=str)}
        ),
    ),
    st.tuples(
        st.just("revocation"),
        st.fixed_dictionaries(
            {"grant": st.sampled_from([f"g{i}" for i in range(30)]), "effective": st.sampled_from(TIMES)}
        ),
    ),
    *[st.tuples(st.just("grant"), grants)] * 4,
)

BASE = (
    ("party", {"id": "ada"}),
    ("party", {"id": "ben"}),
    ("work", {"id": "w1", "shares": {"ada": WHOLE}}),
    ("work", {"id": "w2", "shares": {"ada": 600_000, "ben": 400_000}}),
    ("recording", {"id": "r1", "works": ["w1"], "owners": {"ben": WHOLE}}),
    ("recording", {"id": "r2", "works": ["w1", "w2"], "owners": {"ada": WHOLE}}),
    ("asset", {"id": "a1", "recording": "r1"}),
    ("asset", {"id": "a2", "recording": "r2"}),
    ("catalogue", {"id": "c1", "members": [{"kind": "work", "id": "w1"}, {"kind": "work", "id": "w2"}]}),
    ("catalogue", {"id": "c2", "members": [{"kind": "catalogue", "id": "c1"}, {"kind": "recording", "id": "r1"}]}),
)


def entered(said, step=4):
    """The entries of those facts that can be entered, in order, ``step`` of them a month; and their state."""
    state, made = State(), []
    origin = Entry(0, START, TIMES[0], "test", "log", {"format": 1, "origin": "test/rights"})
    state.add(origin)
    made.append(origin)
    for number, (kind, body) in enumerate(said):
        time = TIMES[min(max(0, number - len(BASE)) // step, len(TIMES) - 1)]
        try:
            entry = Entry(state.size, START, time, "test", kind, state.check(kind, body))
        except InputError:
            continue
        state.add(entry)
        made.append(entry)
    return made, state


def grant(name, grantor, right, subject, **other):
    usual = {"scopes": list(SCOPES), "models": ["v1"], "start": TIMES[0]}
    return ("grant", {"id": name, "grantor": grantor, "right": right, "subject": subject, **usual, **other})


LICENSED = (
    grant("g-master", "ben", "master", {"kind": "recording", "id": "r1"}),
    grant("g-work", "ada", "publishing", {"kind": "work", "id": "w1"}),
)
