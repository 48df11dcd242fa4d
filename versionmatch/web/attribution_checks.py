"""Self-tests of a model, and what training again gave, as parts of an attribution's page."""

from __future__ import annotations

from typing import Any

from .attribution_outputs import Row
from .markup import Child, Markup, element, join, number, table

STATES = {"passed": "●", "failed": "×", "not made": "○", "shown": "–"}


def checks(validation: Row | None) -> Markup:
    """Every self-test with what was demanded and what was found."""
    if validation is None:
        return element("p", "None was run. `versionmatch attribute validate` runs them.", class_="none")
    rows: list[tuple[Child, ...]] = []
    for each in validation["checks"]:
        state = each["state"]
        sign = element("span", STATES[state], aria_hidden="true")
        mark = element("span", sign, state, class_=f"verdict {state.replace('not made', 'made-not')}")
        rows.append((each["name"], mark, each["found"], each["demand"], each["about"]))
    word = "may be used" if validation["usable"] else "may not be used"
    return join(
        element("p", f"Rankings of this model by this method {word}. The demands were set beforehand."),
        element(
            "div",
            table(("self-test", "", "found", "demanded", "why"), rows, caption="Self-tests"),
            class_="wide",
            tabindex="0",
            role="region",
            aria_label="Self-tests",
        ),
    )


def retraining(found: Row) -> Markup:
    """Losses of the outputs under models trained without the top items, and without as many at random."""
    effect, error = found["effect"], found["effect_error"]
    low, high = effect - 1.96 * error, effect + 1.96 * error
    rows = [
        (each["what"], f"{each['mean']:.4f}", f"± {1.96 * each['error']:.4f}", str(each["seeds"]))
        for each in found["conditions"]
    ]
    told = (
        f"Without the {found['left_out']} items that were ranked first, the outputs' loss is higher by {effect:.4f} "
        f"{found['unit']} than without {found['left_out']} items drawn at random (95 % interval {low:.4f} to {high:.4f})."
    )
    return join(
        element("p", told, class_="lawline"),
        element("p", found["about"]),
        _strip(found),
        element(
            "div",
            table(("trained", f"mean loss, {found['unit']}", "95 % interval", "seeds"), rows, caption="Training again"),
            class_="wide",
            tabindex="0",
            role="region",
            aria_label="Training again",
        ),
    )


def _strip(found: Row) -> Markup:
    """Each seed's loss as a dot, a row for each way of training."""
    every = [value for each in found["conditions"] for value in each["values"]]
    low, high = min(every), max(every)
    width = (high - low) or 1.0
    marks: list[Any] = []
    for i, each in enumerate(found["conditions"]):
        y = 24 + 34 * i
        marks.append(element("text", each["what"], x=8, y=y, dy="0.35em"))
        marks.append(element("line", x1=330, x2=630, y1=y, y2=y, class_="half"))
        marks += [
            element("circle", cx=number(330 + 300 * (value - low) / width), cy=y, r=5, class_="top")
            for value in each["values"]
        ]
    name = "Mean loss of the outputs by seed, lowest at the left; the table says the same"
    height = 34 * len(found["conditions"]) + 20
    drawing = element("svg", marks, viewBox=f"0 0 640 {height}", role="img", aria_label=name, class_="scatter")
    caption = f"A dot is a model of one seed; from {low:.4f} at the left to {high:.4f} {found['unit']} at the right."
    return element("figure", drawing, element("figcaption", caption), class_="strip-figure")
