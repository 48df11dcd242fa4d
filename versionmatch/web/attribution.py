"""The page of an attribution: one file that asks nothing of any network, and runs no script."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape

from . import assets
from .attribution_checks import checks, retraining
from .attribution_outputs import Row, output, verdict, wide
from .attribution_words import NOT_SAID, READING, SIGNS, VERDICTS, method_words, validation_words
from .markup import Child, Markup, element, join, table

Section = tuple[str, str, Markup]


@cache
def style() -> str:
    """The page's style sheet."""
    return assets.read_all("report.css", "attribution.css")


def policy() -> str:
    """The content security policy: this style, and nothing from anywhere."""
    return (
        f"default-src 'none'; style-src '{assets.digest(style())}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def attribution_html(
    facts: Row,
    rows: Sequence[Row],
    corpus: Sequence[Row],
    *,
    validation: Row | None = None,
    retrained: Row | None = None,
    heading: str = "",
    about: str = "",
    base: str = "",
) -> str:
    """The page of a run.

    Parameters
    ----------
    facts, rows
        ``run.json`` and the results of ``results.json``.
    corpus
        The items of ``corpus.json``: id, holder, title.
    validation
        ``validate.json``, where there is one of this run.
    retrained
        What training again without the top items gave, where it was done (``reference.demo``).
    heading, about
        The page's title and a sentence on where the outputs come from.
    base
        Where the run's folder lies, seen from the page: what pages of evidence are linked by.
    """
    rows = [_placed(row, base) for row in rows] if base else rows
    titles = {row["id"]: row.get("title") or row["id"] for row in corpus}
    holders = {row["id"]: row["holder"] for row in corpus}
    sections: list[Section] = [
        ("summary", "Summary", _summary(facts, rows, titles)),
        ("reading", "How to read it", _reading()),
        ("outputs", "Outputs", join([output(r, i, facts, titles, holders) for i, r in enumerate(rows, 1)])),
    ]
    if retrained is not None:
        sections.append(("retrained", "Does it hold? Training again without the top items", retraining(retrained)))
    sections += [
        ("self-tests", "Self-tests of the model", checks(validation)),
        ("method", "Method card", _method(facts, rows[0])),
        ("limits", "What it does not say", _limits(rows)),
        ("reproduce", "Reproduce", _reproduce(facts)),
    ]
    title = heading or f"Attribution of {len(rows)} output{'s' if len(rows) > 1 else ''}"
    return assets.fill(
        "attribution.html",
        policy=escape(policy()),
        generator=escape(f"versionmatch {facts['versionmatch']}"),
        title=escape(title),
        style=style(),
        header=_header(facts, title, about),
        contents=element("ul", [element("li", element("a", name, href=f"#{id_}")) for id_, name, _ in sections]),
        main=join([element("section", element("h2", n), c, id=i, aria_label=n) for i, n, c in sections]),
        footer=_footer(facts, rows[0]),
    )


def _placed(row: Row, base: str) -> Row:
    """A result whose pages are linked from elsewhere."""
    pairs = [{**pair, "page": f"{base}{pair['page']}"} if pair.get("page") else pair for pair in row["pairs"]]
    return {**row, "pairs": pairs}


def _header(facts: Row, title: str, about: str) -> Markup:
    corpus = facts["corpus"]
    kinds = Counter(model["name"].partition(":")[0] for model in facts["models"])
    models = ", ".join(name if n == 1 else f"{name} ({n} of one corpus)" for name, n in kinds.items())
    given = [
        ("Model", models),
        ("Disclosed corpus", f"{corpus['name']}: {corpus['items']:,} items of {corpus['holders']:,} rights holders"),
        ("Method", facts["method"]["name"]),
        ("Run", facts["id"]),
    ]
    kind, sentence = validation_words(facts["validation"])
    return element(
        "header",
        element("p", "versionmatch attribution", class_="kicker"),
        element("h1", title),
        element("dl", [element("div", element("dt", n), element("dd", v)) for n, v in given], class_="given"),
        element("p", about) if about else None,
        element("p", sentence, class_=kind),
    )


def _summary(facts: Row, rows: Sequence[Row], titles: Mapping[str, str]) -> Markup:
    count = Counter(row["verdict"] for row in rows)
    tally = [element("div", element("dt", f"{SIGNS[w]} {w}"), element("dd", str(count[w]))) for w in VERDICTS]
    body = []
    for i, row in enumerate(rows, 1):
        first = row["items"][0]
        ranked = row["verdict"] == "ranked"
        named = f"{titles.get(first['item'], first['item'])} ({first['holder']})" if ranked else "none can be named"
        p = "–" if row["p_value"] is None else f"{row['p_value']:.2g}"
        alike = row["most_alike"][0]["item"] if row["most_alike"] else ""
        same = "" if not ranked or not alike else "yes" if alike == first["item"] else "no"
        link = element("a", row["query"], href=f"#output-{i}")
        body.append(
            (link, verdict(row["verdict"]), p, named, same or "–", f"{row['scored']:,} of {row['corpus_size']:,}")
        )
    heads = ("output", "verdict", "p", "the most influential item", "also the most alike?", "scored")
    return join(
        element("dl", tally, class_="tally"),
        wide("All outputs", table(heads, body, caption="All outputs")),
        element("p", rows[0]["limits"], class_="lawline"),
    )


def _reading() -> Markup:
    words = [join(element("dt", verdict(word)), element("dd", text)) for word, text in VERDICTS.items()]
    return join([element("p", text) for text in READING], element("dl", words, class_="words"))


def _method(facts: Row, row: Row) -> Markup:
    settings = json.dumps(facts["method"]["settings"], ensure_ascii=False)
    panel = row["panel_size"]
    rows: list[tuple[str, Child]] = [
        ("method", join(facts["method"]["name"], ": ", method_words(facts["method"]["name"]))),
        ("settings", element("code", settings)),
        ("unit of a score", f"{row['unit']}; {row['sign']}"),
        ("noise", f"seed {row['seed']}; keyed by item and draw, the same before and after"),
        ("panel", f"{panel} pieces that owe the corpus nothing, by the word of who chose them" if panel else "none"),
        ("models", f"{row['models']}: " + ", ".join(m["weights_sha256"][:12] + "…" for m in facts["models"])),
        ("candidates", f"{row['coverage']}"),
        ("likeness", row["likeness_method"] or "not asked for"),
        ("corpus", join(element("code", facts["corpus"]["sha256"]), f", {facts['corpus']['contents']}")),
    ]
    registered = facts["registered"]
    if registered is not None:
        told = (
            f"{registered['model']}, version {registered['version']}; candidates outside its frozen corpus are refused"
        )
        rows += [("registered model", told), ("frozen corpus", element("code", registered["manifest"]))]
    return table(("what", "value"), rows, caption="How it was measured", class_="data card-table")


def _limits(rows: Sequence[Row]) -> Markup:
    sentences = dict.fromkeys(row["limits"] for row in rows)
    return join(
        [element("p", text) for text in sentences],
        element("ul", [element("li", text) for text in NOT_SAID]),
    )


def _reproduce(facts: Row) -> Markup:
    digests: list[tuple[str, Child]] = [
        (f"weights of {m['name'].partition(':')[0]}", element("code", m["weights_sha256"])) for m in facts["models"]
    ]
    digests += [
        ("corpus", element("code", facts["corpus"]["sha256"])),
        ("code", element("code", facts["code_sha256"])),
        ("results", element("code", facts["results_sha256"])),
    ]
    digests += [(f"output {name}", element("code", each["sha256"])) for name, each in facts["outputs"].items()]
    digests += [(f"version of {name}", text) for name, text in facts["versions"].items()]
    return join(
        element("p", "The same files, settings and versions give every number of this page again:"),
        element("pre", element("code", "versionmatch attribute --replay RUN"), tabindex="0", aria_label="Command"),
        table(("what", "sha256, or version"), digests, caption="What the results depend on", class_="data card-table"),
    )


def _footer(facts: Row, row: Row) -> Markup:
    registered = facts["registered"]
    mark = None
    if registered is not None:
        mark = element("p", "checkpoint: ", element("code", registered["checkpoint"]))
    return join(element("p", row["limits"]), mark, element("p", f"run {facts['id']}"))
