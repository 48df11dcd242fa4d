"""Self-tests of a model, and what training again gave, as parts of an attribution's page."""

from __future__ import annotations

from .attribution_outputs import Row, wide
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
        element("p", f"Rankings of this model by this method {word}."),
        wide("Self-tests", table(("self-test", "", "found", "demanded", "why"), rows, caption="Self-tests")),
    )


def retraining(found: Row) -> Markup:
    """By how much more losses rise without the top items than without random ones, seed by seed."""
    rows = [(each["name"], str(each["pieces"]), f"{each['rise']:+.4f}", _between(each)) for each in found["groups"]]
    heads = ("whose loss", "pieces", f"rises by, {found['unit']}", "95 % interval over seeds")
    n = found["left_out"]
    return join(
        element(
            "p",
            f"Models were trained again, {found['seeds']} of either kind: without the {n} items that come first for "
            f"the outputs that were ranked, and without {n} items drawn at random. If the rankings hold, the ranked "
            "outputs' loss is higher without the first than without the others; the panel's is not.",
        ),
        [element("p", _sentence(each, found), class_="lawline") for each in found["groups"][:1]],
        _strip(found),
        wide("Training again", table(heads, rows, caption="Loss without the first, less loss without random items")),
    )


def _between(each: Row) -> str:
    low, high = each["interval"]
    return f"{low:+.4f} to {high:+.4f}"


def _sentence(each: Row, found: Row) -> str:
    low, high = each["interval"]
    if low > 0:
        told = "The whole interval is above 0: the rankings hold here."
    elif high < 0:
        told = "The whole interval is below 0: the rankings do not hold here."
    else:
        told = "The interval holds 0: this may be chance."
    return f"The loss of the {each['name']} rises by {each['rise']:+.4f} {found['unit']} ({_between(each)}). {told}"


def _strip(found: Row) -> Markup:
    """Each seed's rise as a dot, the mean with its interval as a bar."""
    every = [0.0, *(x for each in found["groups"] for x in (*each["by_seed"], *each["interval"]))]
    low, high = min(every), max(every)
    width = (high - low) or 1.0

    def at(value: float) -> str:
        return number(230 + 390 * (value - low) / width)

    height = 40 * len(found["groups"]) + 30
    marks: list[Markup] = [
        element("line", x1=at(0.0), x2=at(0.0), y1=6, y2=height - 24, class_="axis"),
        element("text", "0", x=at(0.0), y=height - 8, text_anchor="middle", class_="tick-name"),
        element("text", f"more without the first ({found['unit']}) →", x=630, y=height - 8, text_anchor="end",
                class_="axis-name"),
    ]  # fmt: skip
    for i, each in enumerate(found["groups"]):
        y = 24 + 40 * i
        marks.append(element("text", each["name"], x=8, y=y, dy="0.35em"))
        ends = [at(value) for value in each["interval"]]
        marks.append(element("line", x1=ends[0], x2=ends[1], y1=y, y2=y, class_="whisker"))
        marks.append(element("line", x1=at(each["rise"]), x2=at(each["rise"]), y1=y - 9, y2=y + 9, class_="whisker"))
        marks += [element("circle", cx=at(value), cy=y, r=4, class_="top") for value in each["by_seed"]]
    name = "Rise of losses by group and seed; the table says the same"
    drawing = element("svg", marks, viewBox=f"0 0 640 {height}", role="img", aria_label=name, class_="scatter")
    caption = "A dot is a pair of models of one seed; the line is the mean's 95 % interval."
    return element("figure", drawing, element("figcaption", caption), class_="strip-figure")
