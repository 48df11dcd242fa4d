"""The report: one HTML file with its sound, pictures, style and scripts inside, that asks nothing of any network."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, ClassVar

from ..errors import InputError, MissingExtra
from ..types import Match
from ..units import clock
from . import assets, plot, summary, words
from .chords import chord_lanes, chord_table
from .chroma import chroma_lanes, chroma_table
from .corrected import mark
from .correspondence import correspondence
from .elements import banner, controls, elements
from .markup import Markup, element, join
from .matrix import cross_similarity
from .melodic import melodic
from .melody import melody_lane, melody_table
from .null_strip import number_words
from .passages import likenesses, passages_table, semitone_words
from .rests import resting_on
from .sound import Sound, embedded
from .tempo import tempo_lane, tempo_table
from .timemap import TimeMap, thinned
from .transport import sounds, transport


@dataclass(frozen=True, slots=True)
class HtmlExporter:
    """Writes a comparison as one self-contained page.

    Parameters
    ----------
    audio : bool
        Whether the page carries both recordings' sound.
    question, examiner, date : str
        Stated in the head of the page where given. The page has no date unless one is given, so that the
        same comparison gives the same bytes.
    checkpoint : str
        Name, size and root of a log of rights, for the foot of the page, where there is one.
    """

    name: ClassVar[str] = "html"
    suffix: ClassVar[str] = ".html"

    audio: bool = True
    question: str = ""
    examiner: str = ""
    date: str | None = None
    checkpoint: str = ""

    def export(self, match: Match, path: Path) -> None:
        """Write the page to ``path``."""
        Path(path).write_text(self.document(match), encoding="utf-8")

    def document(self, match: Match) -> str:
        """The page as text; sound that cannot be had is replaced by a sentence that says why."""
        heard, silent = self._sounds(match)
        to_b = TimeMap.of(match)
        sections = _sections(match, to_b, heard, silent)
        return assets.fill(
            "report.html",
            policy=escape(assets.policy()),
            generator=join(f"versionmatch {match.manifest.versions.get('versionmatch', '')}".strip()),
            title=join(f"{match.query.label} and {match.reference.label}: comparison"),
            style=assets.style(),
            header=words.header(match, question=self.question, examiner=self.examiner, date=self.date),
            contents=_contents(sections),
            main=join(
                plot.definitions(), transport(match, heard, silent), [_section(*section) for section in sections]
            ),
            footer=join(element("p", summary.CAVEAT), resting_on(self.checkpoint)),
            sounds=sounds(heard),
            data=assets.json_block(_data(match, to_b, heard)),
            script=assets.script(),
        )

    def summary(self, match: Match) -> str:
        """Relation, probability and evidence as a small table, for notebooks."""
        return _notebook(match)

    def _sounds(self, match: Match) -> tuple[dict[str, Sound], dict[str, str]]:
        """Each side's sound, or the reason why it has none."""
        if not self.audio:
            return {}, {"a": "", "b": ""}
        sides = {"a": (match.query, match.query_track), "b": (match.reference, match.reference_track)}
        heard: dict[str, Sound] = {}
        silent: dict[str, str] = {}
        with ThreadPoolExecutor(2) as pool:
            running = {side: pool.submit(embedded, *pair) for side, pair in sides.items()}
            for side, future in running.items():
                try:
                    heard[side] = future.result()
                except (InputError, MissingExtra) as error:
                    silent[side] = str(error)
        return heard, silent


Section = tuple[str, str, str, Markup]
"""Id, name in the contents, heading, content."""


def _sections(match: Match, to_b: TimeMap, heard: dict[str, Sound], silent: dict[str, str]) -> list[Section]:
    """Every section, in order; controls and melodic passages where there are any."""
    tunes = melodic(match)
    tried = [("controls", "Controls", "Controls", controls(match))] if match.controls else []
    melodies = [("melodic", "Melodic passages", "Melodic passages", tunes)] if tunes is not None else []
    return [
        (
            "summary",
            "Findings",
            "Findings",
            join(summary.relation(match), banner(match), elements(match), summary.evidence_table(match)),
        ),
        *tried,
        (
            "likenesses",
            "Likenesses and differences",
            "Likenesses and differences",
            join(_overall(match), likenesses(match)),
        ),
        ("correspondence", "What answers what", "What answers what", correspondence(match)),
        ("passages", "Passages", "Shared passages", passages_table(match, audible=bool(heard))),
        *melodies,
        ("aligned", "Side by side", "Side by side, along A’s time", _aligned(match, to_b)),
        ("cross-similarity", "Cross-similarity", "Every moment against every moment", cross_similarity(match)),
        ("method", "Method and limits", "Method and limits", words.method(match)),
        (
            "reproduce",
            "Reproduce",
            "How to reproduce",
            words.reproduction(match, audio=bool(heard) or bool(silent.get("a"))),
        ),
    ]


def _section(name: str, _short: str, heading: str, content: Markup) -> Markup:
    return element("section", element("h2", heading), content, id=name, aria_label=heading)


def _contents(sections: list[Section]) -> Markup:
    return element("ul", [element("li", element("a", short, href=f"#{name}")) for name, short, _, _ in sections])


def _overall(match: Match) -> Markup:
    facts = [
        ("transposition of B to meet A", semitone_words(match.transposition)),
        ("A’s speed over B’s", f"{match.tempo_ratio:.3f}"),
        ("of A answered in B", f"{match.coverage_query:.0%}"),
        ("of B answered in A", f"{match.coverage_reference:.0%}"),
        ("of A without an answer in B", f"{1 - min(1.0, match.coverage_query):.0%}"),
        ("of B without an answer in A", f"{1 - min(1.0, match.coverage_reference):.0%}"),
    ]
    return element("dl", [element("div", element("dt", n), element("dd", v)) for n, v in facts], class_="overall")


def _aligned(match: Match, to_b: TimeMap) -> Markup:
    """Chroma, chords, melody and tempo ratio under one ruler, that can be zoomed."""
    parts = [
        ("Chroma", None, chroma_lanes(match, to_b)),
        ("Chords", mark(match, "chords", "key"), chord_lanes(match, to_b)),
        ("Melody", mark(match, "melody"), melody_lane(match, to_b)),
        ("Tempo: speed of A over speed of B", None, tempo_lane(match, to_b)),
    ]
    stack = [join(element("h3", name, by_hand), content) for name, by_hand, content in parts]
    zoom = element(
        "label",
        "Zoom ",
        element("select", [element("option", f"{z}×", value=str(z)) for z in (1, 2, 4, 8)], id="zoom"),
        class_="scripted",
    )
    tables = [chroma_table(match), chord_table(match, to_b), melody_table(match, to_b), tempo_table(match)]
    return element(
        "figure",
        element(
            "figcaption",
            "B is laid along A’s time through the shared passages; hatched stretches of A have no counterpart in B.",
            element("span", " Click to listen from there.", class_="scripted"),
        ),
        element("div", words.key_switch(match), zoom, class_="tools"),
        element(
            "div",
            element("div", stack, class_="lanes stack"),
            class_="scroll",
            id="stack",
            tabindex="0",
            role="region",
            aria_label="Aligned views",
        ),
        element("div", tables, class_="tables"),
        id="fig-aligned",
    )


def _data(match: Match, to_b: TimeMap, heard: dict[str, Sound]) -> dict[str, Any]:
    """What the scripts need: lengths, levels, passages with thinned paths, in the order in which they decide."""
    quietest = min((s.rms for s in heard.values() if s.rms > 0), default=0.0)
    return {
        "duration": {"a": round(match.query.duration_s, 3), "b": round(match.reference.duration_s, 3)},
        "volume": {side: round(max(0.1, quietest / s.rms), 3) if s.rms > 0 else 1 for side, s in sorted(heard.items())},
        "tempo_ratio": round(match.tempo_ratio, 4),
        "order": list(to_b.order),
        "passages": [{"path": thinned(p.path_s).round(3).tolist()} for p in match.passages],
    }


def _notebook(match: Match) -> str:
    chance = "none stated" if match.probability is None else summary.probability(match.probability)
    titles = [f"{r.label} ({clock(r.duration_s)})" for r in (match.query, match.reference)]
    rows = [
        (
            e.cue,
            "–" if e.score is None else f"{e.score:.2f}",
            f"{number_words(e.raw)} {e.unit}",
            "–" if e.p_value is None else f"{e.p_value:.3g}",
        )
        for e in match.evidence
    ]
    head = element("tr", [element("th", text) for text in ("element", "score", "raw value", "p")])
    cells = [element("tr", [element("td", cell) for cell in row]) for row in rows]
    shared = (
        f"{len(match.passages)} shared passages: {match.coverage_query:.0%} of A, {match.coverage_reference:.0%} of B. "
        f"B raised by {semitone_words(match.transposition)}, tempo ratio {match.tempo_ratio:.3f}."
    )
    return element(
        "div",
        element("p", element("b", " and ".join(titles))),
        element("p", f"{summary.relation_words(match)} Probability of versions of one work: {chance}."),
        element("table", element("thead", head), element("tbody", cells)),
        element("p", shared),
        element("ul", [element("li", text) for text in match.differences]),
        class_="versionmatch",
    )
