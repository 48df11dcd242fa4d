"""How much melody, harmony and rhythm say, each beside its null; and the controls, with what a failed one withholds."""

from __future__ import annotations

from collections.abc import Sequence

from ..match.withheld import withheld
from ..types import Control, ElementScore, Evidence, Match
from .corrected import OF_ELEMENT, mark
from .markup import Child, Markup, details, element, join, number
from .null_strip import null_strip
from .words_of_p import p_words

"""What the p-value of a sum without a distribution of its own rests on."""


def elements(match: Match) -> Markup | None:
    """The elements' shares as one bar, and a row for each; None where none was added up."""
    if not match.elements:
        return None
    head = ("element", "nats", "share", "made up of", "beside unrelated pairs", "p")
    table = element(
        "table",
        element("caption", "What each element of the music says", class_="visually-hidden"),
        element("thead", element("tr", [element("th", cell, scope="col") for cell in head])),
        element("tbody", [_row(match, score) for score in match.elements]),
        class_="evidence elements",
    )
    return join(
        element("h3", "By element of the music"),
        _shares(match.elements),
        element("div", table, class_="wide", tabindex="0", role="region", aria_label="Elements of the music"),
        element(
            "p",
            "Nats: the sum of −ln p over the element’s measures; its p sets that sum beside those of unrelated pairs, "
            "since measures of one element go together. Share: the element’s part of all nats.",
            class_="reading",
        ),
    )


def _shares(scores: tuple[ElementScore, ...]) -> Markup | None:
    if not any(score.share > 0 for score in scores):
        return None
    marks, at = [], 0.0
    for score in scores:
        width = 100 * max(0.0, score.share)
        name = f"{score.element} {score.share:.0%}"
        marks.append(
            element(
                "rect",
                element("title", name),
                x=number(at) + "%",
                y="0",
                width=number(width) + "%",
                height="26",
                class_=f"share {score.element}",
            )
        )
        middle = number(at + width / 2) + "%"
        marks.append(element("text", name, x=middle, y="17", text_anchor="middle", class_="share-name fit"))
        at += width
    spoken = ", ".join(f"{score.element} {score.share:.0%}" for score in scores)
    return element(
        "svg", marks, class_="shares", width="100%", height=26, role="img", aria_label=f"Shares of the nats: {spoken}"
    )


def _row(match: Match, score: ElementScore) -> Markup:
    parts = sorted(score.parts.items(), key=lambda part: -part[1])
    hidden = [cue for cue, _ in parts if cue in withheld(match.controls)]
    lines = [element("li", f"{cue} {nats:.1f}", " (withheld)" if cue in hidden else None) for cue, nats in parts]
    p: Child = (
        "withheld"
        if hidden or score.element in withheld(match.controls)
        else "–"
        if score.p_value is None
        else p_words(score.p_value)
    )
    found = Evidence(score.element, score.nats, "nats", null=score.null)
    cells: list[Child] = [
        element("b", f"{score.nats:.1f}"),
        f"{score.share:.0%}",
        element("ul", lines, class_="parts") if lines else "–",
        null_strip(found),
        p,
    ]
    labels = ("nats", "share", "made up of", "beside unrelated pairs", "p")
    return element(
        "tr",
        element("th", score.element, mark(match, *OF_ELEMENT.get(score.element, ())), scope="row"),
        [element("td", cell, data_label=label) for cell, label in zip(cells, labels, strict=True)],
        data_element=score.element,
    )


def banner(match: Match) -> Markup | None:
    """What is withheld, and why; None where every control came out as it must."""
    reasons = withheld(match.controls)
    if not reasons:
        return None
    lines = [element("li", element("b", f"{cue}: "), reason) for cue, reason in reasons.items()]
    return element(
        "div",
        element("p", element("strong", "Withheld, because a control did not come out as it must")),
        element("ul", lines),
        element("p", "The values are shown below, but their p is not, and nothing should be concluded from them."),
        class_="banner",
        role="note",
        aria_label="Failed controls",
    )


def controls(match: Match) -> Markup:
    """A row for each control: what was tried, what came out, whether that is as it must be."""
    failed = [control for control in match.controls if not control.passed]
    n = len(match.controls)
    told = "All came out as they must." if not failed else f"{len(failed)} of {n} did not."
    return join(
        element(
            "p",
            "Each measure was also taken where the answer is known: a recording with itself must stand out, and one "
            f"whose order was destroyed must not. {told}",
        ),
        _controls_table(failed, "Controls that did not come out as they must") if failed else None,
        details(f"All {n} controls", _controls_table(match.controls, "Table of controls")),
    )


def _controls_table(shown: Sequence[Control], name: str) -> Markup:
    head = ("control", "measure", "value", "p", "as it must be", "in words")
    table = element(
        "table",
        element("caption", "The same measures on material whose answer is known", class_="visually-hidden"),
        element("thead", element("tr", [element("th", cell, scope="col") for cell in head])),
        element("tbody", [_control(control) for control in shown]),
        class_="evidence controls-table",
    )
    return element("div", table, class_="wide", tabindex="0", role="region", aria_label=name)


def _control(control: Control) -> Markup:
    cells: list[Child] = [
        control.cue,
        f"{control.raw:.4g}",
        "–" if control.p_value is None else p_words(control.p_value),
        "yes" if control.passed else element("strong", "no"),
        control.sentence,
    ]
    labels = ("measure", "value", "p", "as it must be", "in words")
    return element(
        "tr",
        element("th", control.name, scope="row"),
        [element("td", cell, data_label=label) for cell, label in zip(cells, labels, strict=True)],
        class_=None if control.passed else "failed",
    )
