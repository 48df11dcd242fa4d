"""A statement as a page that can be printed, and as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from html import escape
from typing import Any

COLUMNS = ("right", "party", "cluster", "cents", "part", "way", "run", "leaves")
STYLE = """
body{font:11pt/1.4 Georgia,serif;max-width:60em;margin:2em auto;padding:0 1em;color:#111;background:#fff}
table{border-collapse:collapse;width:100%;margin:1em 0}
th,td{border-bottom:1px solid #bbb;padding:.2em .5em;text-align:left}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
footer{font-size:8.5pt;border-top:1px solid #111;margin-top:2em}
code{font-size:8pt;word-break:break-all}@media print{body{margin:0}tr{break-inside:avoid}}
"""


def statement_csv(made: Mapping[str, Any]) -> str:
    """One line for each party and cluster; cents are whole, parts are exact fractions."""
    target = io.StringIO()
    table = csv.writer(target, lineterminator="\n")
    table.writerow(COLUMNS)
    for right, found in made["rights"].items():
        for line in found["lines"]:
            leaves = " ".join(f"{each['entry']}:{each['leaf']}" for each in line["leaves"])
            cells = [right, *(line[name] for name in COLUMNS[1:-1]), leaves]
            table.writerow([_plain(cell) for cell in cells])
    return target.getvalue()


def _plain(cell: object) -> object:
    """Text that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in {"=", "+", "-", "@"} else cell


def statement_html(made: Mapping[str, Any]) -> str:
    """The page; it needs no network, and its foot holds the checkpoint that it rests on."""
    head = f"Statement {made['id']}, {made['period']}"
    facts = {
        "Model": f"{made['model']['id']}, version {made['model']['version']}",
        "Frozen corpus": f"{made['manifest']} ({made['corpus_size']} assets)",
        "Method": f"{made['method']}: {made['way']}",
        "Self-test of influence": made["self_test"],
    }
    rows = "".join(f"<tr><th>{escape(k)}</th><td>{escape(v)}</td></tr>" for k, v in facts.items())
    parts = "".join(_right(right, found, made["currency"]) for right, found in made["rights"].items())
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(head)}</title>'
        f"<style>{STYLE}</style></head><body><h1>{escape(head)}</h1><table>{rows}</table>{parts}"
        f"<footer><p>{escape(made['limits'])}</p><p>inputs <code>{escape(made['inputs_sha256'])}</code></p>"
        f"<p>checkpoint: <code>{escape(made['checkpoint'])}</code></p></footer></body></html>\n"
    )


def _right(right: str, found: Mapping[str, Any], currency: str) -> str:
    heads = (
        "party",
        f"{currency}",
        "share %",
        "5 to 95 % of draws",
        "pro-rata %",
        "difference",
        "beyond the spread",
        "informativeness",
    )
    top = "".join(f'<th class="{"n" if i else ""}">{escape(h)}</th>' for i, h in enumerate(heads))
    rows = "".join(f"<tr>{_party(row)}</tr>" for row in found["parties"])
    total = sum(row["cents"] for row in found["parties"])
    lines = "".join(_line(line) for line in found["lines"])
    return (
        f"<h2>{escape(right.capitalize())}: {_money(found['pool_cents'])} {escape(currency)}</h2>"
        f'<table><tr>{top}</tr>{rows}<tr><th>all</th><th class="n">{_money(total)}</th></tr></table>'
        "<details open><summary>Lines, and the entries of the log that each rests on</summary>"
        f'<table><tr><th>party</th><th>recording or work</th><th class="n">{escape(currency)}</th><th>run</th>'
        f"<th>entries</th></tr>{lines}</table></details>"
    )


def _party(row: Mapping[str, Any]) -> str:
    interval, beyond = row["interval_millionths"], row["beyond_the_spread"]
    cells = [
        _money(row["cents"]),
        _percent(row["share_millionths"]),
        "not known" if interval is None else f"{_percent(interval[0])} to {_percent(interval[1])}",
        _percent(row["pro_rata_millionths"]),
        f"{row['difference_millionths'] / 10_000:+.2f}",
        "not known" if beyond is None else "yes" if beyond else "no",
        row["informativeness"],
    ]
    return f"<td>{escape(row['party'])}</td>" + "".join(f'<td class="n">{escape(cell)}</td>' for cell in cells)


def _line(line: Mapping[str, Any]) -> str:
    leaves = ", ".join(f"{each['entry']} ({each['leaf'][:12]}…)" for each in line["leaves"])
    cells = f"<td>{escape(line['party'])}</td><td>{escape(line['cluster'])}</td>"
    cells += f'<td class="n">{_money(line["cents"])}</td><td>{escape(line["run"])}</td>'
    return f"<tr>{cells}<td><code>{escape(leaves)}</code></td></tr>"


def _money(cents: int) -> str:
    return f"{cents // 100:,}.{cents % 100:02d}"


def _percent(millionths: int) -> str:
    return f"{millionths / 10_000:.2f}"
