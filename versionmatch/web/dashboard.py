"""The page of a catalogue run: opens from disk, lists matches, clusters, conflicts and errors, and takes decisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any

from ..files import write_atomically
from ..match.decisions import Decision
from ..tables import Row
from . import assets
from .dashboard_data import PIECE, RecordingInfo, Tables, listed, sound_path, write_pieces
from .dashboard_head import TIER_SIGNS, RunFacts, head, pair_tiers
from .markup import Markup, element, join
from .rests import resting_on
from .words import FLAG_WORDS

__all__ = ["RecordingInfo", "sound_path", "write_dashboard"]

STYLES = ("report.css", "dashboard.css")
SCRIPTS = tuple(
    f"dashboard_{name}.js" for name in ("data", "parts", "review", "sound", "match", "views", "list", "keys", "main")
)
VIEWS = (("matches", "Matches"), ("clusters", "Clusters"), ("conflicts", "Conflicts"), ("errors", "Errors"))


def write_dashboard(
    folder: Path,
    *,
    run: Mapping[str, Any],
    matches: Iterable[Row],
    clusters: Iterable[Row] = (),
    conflicts: Iterable[Row] = (),
    errors: Iterable[Row] = (),
    recordings: Mapping[str, RecordingInfo],
    decisions: Iterable[Decision] = (),
    checkpoint: str = "",
) -> Path:
    """Write ``index.html`` and its ``data/`` into a folder; the path of the page.

    The same arguments give the same bytes, whatever the order of the rows. The page is written last, so that a page
    that is there is complete.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    run : mapping
        The facts of ``run.json``. ``id`` is required: decisions are kept under it. ``scanned`` (texts), ``ledger``
        (``done``, ``quarantined``, ``skipped``, ``pending``, ``seen``), ``null`` (a text, or texts by tier),
        ``prior`` and ``model_id`` are told in the head where given; all facts are listed as they are.
    matches, clusters, conflicts, errors : iterables of rows
        As ``tables`` has them; each row is checked.
    recordings : mapping
        By id. One that is missing is called by its id, and cannot be heard.
    decisions : iterable of Decision
        Made earlier; the page begins with them.
    checkpoint : str
        Name, size and root of a log of rights, for the foot of the page, where there is one.

    Raises
    ------
    InputError
        For a row that does not fit its table, a run without id, or a ledger that does not hold numbers.
    """
    facts = RunFacts.of(run)
    tables = Tables.of(matches, clusters, conflicts, errors)
    files = write_pieces(folder / "data", tables, recordings)
    text = _document(facts, tables, files, decisions, checkpoint)
    path = folder / "index.html"
    with write_atomically(path) as file:
        file.write(text.encode("utf-8", "replace"))  # a name that is no text loses what is not
    return path


def _document(
    facts: RunFacts, tables: Tables, files: Mapping[str, int], decisions: Iterable[Decision], checkpoint: str
) -> str:
    style, script = assets.read_all(*STYLES), assets.closed(*SCRIPTS)
    versions = facts.rest.get("versions")
    version = versions.get("versionmatch", "") if isinstance(versions, Mapping) else ""
    name = ", ".join(facts.scanned) or facts.id
    return assets.fill(
        "dashboard.html",
        policy=escape(_policy(style, script)),
        generator=escape(f"versionmatch {version}".strip()),
        title=join(f"{name}: catalogue run"),
        style=style,
        header=head(facts, tables.matches),
        tabs=_tabs(tables),
        rests=resting_on(checkpoint),
        data=assets.json_block(_data(facts, tables, files, decisions)),
        script=script,
    )


def _policy(style: str, script: str) -> str:
    """The page's style and script, scripts and sound from beside the page, and nothing from any other place."""
    return (
        f"default-src 'none'; script-src 'self' file: '{assets.digest(script)}'; style-src '{assets.digest(style)}'; "
        "media-src 'self' file:; base-uri 'none'; form-action 'none'"
    )


def _tabs(tables: Tables) -> Markup:
    tabs = []
    for view, word in VIEWS:
        count = _counted(tables, view)
        face = (word, " ", element("span", f"{count:,}", class_="count"))
        tabs.append(element("button", face, type="button", role="tab", id=f"tab-{view}", data_view=view,
                            aria_controls="panel", aria_selected="false", tabindex="-1"))  # fmt: skip
    return join(tabs)


def _counted(tables: Tables, view: str) -> int:
    """Pairs, clusters, and the rows of other tables."""
    if view == "matches":
        return len(pair_tiers(tables.matches))
    return len({row["cluster_id"] for row in tables.clusters}) if view == "clusters" else len(getattr(tables, view))


def _data(facts: RunFacts, tables: Tables, files: Mapping[str, int], decisions: Iterable[Decision]) -> dict[str, Any]:
    """What the scripts must know before they read any file."""
    missing = sum(row["kind"] == "missing_id" for row in tables.conflicts)
    return {
        "run": facts.id,
        "piece": PIECE,
        "pairs": _counted(tables, "matches"),
        "files": {view: files.get(view, 0) for view, _ in VIEWS},
        "nulls": dict(facts.nulls),
        "signs": TIER_SIGNS,
        "flags": FLAG_WORDS,
        "unlisted": len(tables.conflicts) - len(listed(tables.conflicts)),
        "missing": missing,
        "decided": [decision.row() for decision in decisions],
    }
