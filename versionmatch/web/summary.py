"""What was found, on half a page: the relation in neutral words, and each element beside its null."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from ..errors import InputError, IntegrityError
from ..match import calibrate
from ..match.fuse import weighed
from ..match.withheld import withheld
from ..types import Evidence, Match, Span
from .corrected import OF_ELEMENT, mark
from .markup import Child, Markup, element, join, number
from .null_strip import null_strip, number_words
from .plot import feature

FEW_PAIRS = 200
"""Fewer unrelated pairs allow no statement of rarity."""

DOUBTFUL = (0.1, 0.9)
"""Between these probabilities the words say that the finding is not certain."""

RELATION_WORDS = {
    "same recording": "The two files hold the same recording.",
    "altered recording": "One file holds an altered form of the other's recording.",
    "version": "The findings are those of two versions of one work.",
    "related passage": "The two share one or more passages; as a whole they are not versions of one work.",
    "unrelated": "The findings are those of unrelated recordings.",
    "undecided": "What was found does not allow a statement.",
}

DOUBTFUL_WORDS = {
    "version": "The findings speak for two versions of one work, without certainty.",
    "related passage": "The findings speak for shared passages, without certainty; as a whole they are not versions.",
    "unrelated": "The findings do not suffice to call the two recordings related.",
}

CAVEAT = (
    "This page states how alike two recordings are and how often unrelated recordings are as alike. It does not say "
    "why. Common practice, a shared source or chance can make passages alike; who knew what, and when, is outside what "
    "sound can show."
)

ELEMENTS = {
    "harmony": "progression of chords and keys",
    "melody": "leading voice, as found by machine",
    "rhythm": "tempo, beat and onsets",
    "passages": "how much is shared, in order",
    "recording": "the very sound, not the music",
    "embedding": "learned likeness of versions",
}


def relation(match: Match) -> Markup:
    """Relation, probability and caveat."""
    chance = (
        element(
            "p",
            "Calibrated probability of two versions of one work: ",
            element("strong", probability(match.probability)),
            class_="probability",
        )
        if match.probability is not None
        else element("p", "No probability is stated, because the sound allows none.", class_="probability")
    )
    return element(
        "div",
        element("p", relation_words(match), class_="relation", data_relation=match.relation),
        chance,
        _made_up(match),
        element("p", CAVEAT, class_="caveat"),
        class_="finding",
    )


def relation_words(match: Match) -> str:
    """The relation as a sentence that is no surer than the probability is."""
    if match.probability is not None and DOUBTFUL[0] <= match.probability <= DOUBTFUL[1]:
        return DOUBTFUL_WORDS.get(match.relation, RELATION_WORDS[match.relation])
    return RELATION_WORDS[match.relation]


def _made_up(match: Match) -> Markup | None:
    """From what the probability is put together, where the calibration that made it is at hand."""
    try:
        calibration = calibrate.load()
        fused = weighed(match)
    except (InputError, IntegrityError):
        return None
    if fused is None or match.probability is None or abs(fused.probability - match.probability) > 1e-6:
        return None
    usual = probability(calibrate.probability_of(fused.parts["prior"]))
    factors = [f"× {times(math.exp(part))} by {cue}" for cue, part in fused.parts.items() if cue != "prior"]
    return element(
        "p",
        f"How it is made up: {usual} for a pair with the values of the median unrelated pair, then odds "
        f"{', '.join(factors)}. It supposes that {calibration.prior:.0%} of the pairs asked about are versions.",
        class_="made-up",
    )


def times(factor: float) -> str:
    """A factor of odds, two significant digits.

    >>> times(0.8125), times(13.7), times(2345.0)
    ('0.81', '14', '2300')
    """
    return f"{float(f'{factor:.1e}'):g}" if factor < 1e5 else "over 100000"


def probability(p: float) -> str:
    """A probability that never claims certainty.

    >>> probability(0.99999), probability(0.4321)
    ('above 0.99', '0.43')
    """
    return "above 0.99" if p > 0.99 else "below 0.01" if p < 0.01 else f"{p:.2f}"


def evidence_table(match: Match) -> Markup:
    """One row per element: score, raw value, null, percentile, p, coverage, confidence."""
    head = (
        "measure",
        "score",
        "raw value",
        "beside unrelated pairs",
        "percentile",
        "p",
        "coverage A · B",
        "confidence",
    )
    grouped = any(e.element for e in match.evidence)
    hidden = withheld(match.controls)
    body = [
        element("tbody", _group(match, name, len(head)) if grouped else None, [_row(match, e, hidden) for e in items])
        for name, items in by_element(match.evidence)
    ]
    table = element(
        "table",
        element("caption", "Findings by element of the music", class_="visually-hidden"),
        element("thead", element("tr", [element("th", cell, scope="col") for cell in head])),
        body,
        class_="evidence",
    )
    return join(
        element("div", table, class_="wide", tabindex="0", role="region", aria_label="Findings by element"),
        _legend(match),
    )


def by_element(evidence: Sequence[Evidence]) -> list[tuple[str, list[Evidence]]]:
    """Evidence by its element: melody, harmony, rhythm, then what is of none; each in its own order."""
    groups = [(name, [e for e in evidence if e.element == name]) for name in (*OF_ELEMENT, "")]
    return [(name, items) for name, items in groups if items]


def _group(match: Match, name: str, n_columns: int) -> Markup:
    told = name.capitalize() or "Of no single element"
    cell = element("th", told, mark(match, *OF_ELEMENT.get(name, ())), colspan=n_columns, scope="rowgroup")
    return element("tr", cell, class_="group-head")


def _row(match: Match, e: Evidence, hidden: Mapping[str, str]) -> Markup:
    score = element("span", "not calibrated", class_="quiet") if e.score is None else _score(e.score)
    percentile, p = _rarity(e)
    if e.cue in hidden:
        score = percentile = p = element("span", "withheld", class_="quiet", title=hidden[e.cue])
    by_hand = mark(match, "melody") if e.cue == "melody" and not e.element else None
    name = join(e.cue, element("span", ELEMENTS.get(e.cue, ""), class_="explained"), by_hand)
    cells = [
        score,
        join(number_words(e.raw), " ", element("span", e.unit, class_="quiet")),
        null_strip(e),
        percentile,
        p,
    ]
    cells += [_coverage(match, e.spans), confidence(match, e)]
    labels = ("score", "raw value", "beside unrelated pairs", "percentile", "p", "coverage A · B", "confidence")
    return element(
        "tr",
        element("th", name, scope="row"),
        [element("td", cell, data_label=label) for cell, label in zip(cells, labels, strict=True)],
        data_cue=e.cue,
    )


def _score(score: float) -> Markup:
    bar = element(
        "svg",
        element("rect", x="0", y="0", width="100%", height="6", rx="3", class_="bar-back"),
        element("rect", x="0", y="0", width=number(100 * score) + "%", height="6", rx="3", class_="bar"),
        class_="score-bar",
        width=64,
        height=6,
        aria_hidden="true",
    )
    return join(element("b", f"{score:.2f}"), bar)


def _rarity(e: Evidence) -> tuple[Child, Child]:
    p = "–" if e.p_value is None else "< .001" if e.p_value < 0.001 else f"{e.p_value:.3f}".lstrip("0")
    if e.null is None:
        return "–", p
    if e.null.n_pairs < FEW_PAIRS:
        return element("span", f"too few pairs ({e.null.n_pairs})", class_="quiet"), p
    return percent(e.null.percentile(e.raw), e.null.n_pairs), p


def percent(percentile: float, n_pairs: int) -> str:
    """A percentile that claims no more than that many pairs can show.

    >>> percent(100.0, 1891), percent(100.0, 200), percent(63.21, 200)
    ('above 99.9 %', 'above 99.5 %', '63.2 %')
    """
    edge = max(0.1, 100.0 / (n_pairs + 1))
    if percentile > 100 - edge:
        return f"above {100 - edge:.1f} %"
    return f"below {edge:.1f} %" if percentile < edge else f"{percentile:.1f} %"


def _coverage(match: Match, spans: Sequence[Span]) -> Child:
    if not spans:
        return "–"
    a = union_s([(s.query_start_s, s.query_end_s) for s in spans]) / match.query.duration_s
    b = union_s([(s.reference_start_s, s.reference_end_s) for s in spans]) / match.reference.duration_s
    return f"{min(a, 1):.0%} · {min(b, 1):.0%}"


def union_s(extents: Sequence[tuple[float, float]]) -> float:
    """Seconds that stretches cover together.

    >>> union_s([(0.0, 2.0), (1.0, 3.0), (10.0, 11.0)])
    4.0
    """
    total, at = 0.0, -np.inf
    for start, end in sorted(extents):
        total += max(0.0, end - max(start, at))
        at = max(at, end)
    return float(total)


def confidence(match: Match, e: Evidence) -> Child:
    """How far the measurement itself can be relied on: the cue's own word, else what its features say."""
    value = e.details.get("confidence")
    if value is None:
        value = _feature_confidence(match, e.cue)
    if value is None:
        return "–"
    word = "high" if value >= 0.7 else "medium" if value >= 0.4 else "low"
    return join(word, " ", element("span", f"{value:.2f}", class_="quiet"))


def _feature_confidence(match: Match, cue: str) -> float | None:
    """The lesser of the two recordings' confidence in the feature that the cue stands on."""
    values = []
    for track in (match.query_track, match.reference_track):
        if cue == "melody":
            melody = feature(track, "melody")
            values.append(None if melody is None else float(melody.values[1].mean()))
        elif cue == "harmony":
            key = feature(track, "key")
            values.append(float(key.confidence[0]) if key is not None and len(key) else None)
        elif cue == "rhythm":
            beats = feature(track, "beats")
            stated = None if beats is None else beats.facts.get("tempo_confidence")
            values.append(None if stated is None else float(stated))
    known = [v for v in values if v is not None]
    return min(known) if len(known) == 2 else None


def _between(counts: list[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low}" if low == high else f"{low} to {high}"


def _legend(match: Match) -> Markup:
    sizes: dict[str, list[int]] = {}
    for e in match.evidence:
        if e.null is not None:
            sizes.setdefault(e.null.corpus, []).append(e.null.n_pairs)
    corpora = [f"{corpus} ({_between(counts)} pairs)" for corpus, counts in sorted(sizes.items())]
    beside = (
        "The grey shape is how the raw values of unrelated pairs spread, the upright line is this comparison; the "
        f"percentile is the share of those pairs below it, p the share at or above it. Source: {'; '.join(corpora)}."
        if corpora
        else "No distribution of unrelated pairs is at hand, so nothing can be said about how unusual these values are."
    )
    notes = [f"{e.cue}: {note}" for e in match.evidence for note in e.notes]
    return element(
        "div",
        element("p", beside, " Coverage: the share of A and of B in which the element was found alike."),
        element("ul", [element("li", note) for note in notes], class_="notes") if notes else None,
        class_="legend",
    )
