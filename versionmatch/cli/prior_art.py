"""``versionmatch prior-art PASSAGE --index CORPUS`` and ``prior-art build CORPUS.tunes FOLDER …``."""

from __future__ import annotations

import argparse
import json
import re
import sys
from typing import TYPE_CHECKING, Any

from ..errors import ParamsError
from ..units import clock, note_name, parse_range
from .common import clear_progress, progress

if TYPE_CHECKING:
    from ..jobs.prior_result import Hit, PriorArt
    from ..jobs.tune_index import TuneIndex

FOUND, NOTHING = 0, 1

DESCRIPTION = """\
Which works of a dated corpus hold a passage, in any key, where, and how unusual that is.

  versionmatch prior-art build CORPUS.tunes FOLDER|MANIFEST …     make an index of scores, once
  versionmatch prior-art PASSAGE --index CORPUS.tunes             look a passage up in it

PASSAGE: a score (MIDI, MusicXML, ABC such as book.abc#3, kern, table of notes) or a recording; --range or --bars name a
part of it. MANIFEST: CSV, TSV, JSON lines or Parquet with the columns path, title, composer, date (or year).
Exit code 1 where no work holds it. A passage in a file named build: write ./build.
"""


def add_to(commands: Any) -> None:
    """Add the command and its flags."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "prior-art",
        help="which works of a dated corpus hold a passage",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="%(prog)s [options] PASSAGE --index CORPUS\n       %(prog)s build CORPUS.tunes FOLDER|MANIFEST …",
    )
    parser.add_argument("words", nargs="+", metavar="PASSAGE | build CORPUS.tunes SOURCE …")
    parser.add_argument(
        "--index", metavar="CORPUS", help="an index, or a folder or manifest of scores (made in memory)"
    )
    parser.add_argument("--range", metavar="START-END", help="only this part of PASSAGE, such as 0:41-0:49")
    parser.add_argument("--bars", metavar="FROM-TO", help="only these bars of a score, such as 5-8, from 1")
    parser.add_argument("--part", default="", metavar="NAME", help="the part of PASSAGE, by name or number; or skyline")
    parser.add_argument("--before", type=int, metavar="YEAR", help="works that are surely earlier come first")
    parser.add_argument("-k", type=int, default=20, help="list so many of each group; 0: all (default: %(default)s)")
    parser.add_argument(
        "--parts", default="all", help="of the works, all or melody (default: %(default)s); also of build"
    )
    parser.add_argument("--least", type=float, default=0.8, metavar="SHARE", help="same notes to hold it (%(default)s)")
    parser.add_argument("--seed", type=int, default=440, help="build: of the null passages (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=0, help="build: threads (default: all cores)")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="print one JSON document")
    how.add_argument("--csv", action="store_true", help="print the hits as CSV")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing on the way")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Build, or search; 0 where a work holds the passage, 1 where none does."""
    if options.words[0] == "build":
        return run_build(options)
    if len(options.words) > 1:
        raise ParamsError(f"one passage at a time; got {len(options.words)}: {', '.join(options.words)}")
    if not options.index:
        raise ParamsError("name the corpus: --index CORPUS.tunes, or a folder of scores")
    from ..jobs.prior_art import prior_art
    from ..jobs.tune_index import TuneIndex

    index = TuneIndex.open(options.index)
    result = prior_art(
        options.words[0],
        index,
        span=parse_range(options.range) if options.range else None,
        bars=bars_of(options.bars) if options.bars else None,
        part=options.part,
        before=options.before,
        k=options.k,
        parts=options.parts,
        least=options.least,
    )
    if options.json:
        sys.stdout.write(json.dumps(result.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    elif options.csv:
        sys.stdout.write(_csv(result))
    else:
        sys.stdout.write(text_of(result, index))
    return FOUND if any(hit.holds for hit in result.hits) else NOTHING


def run_build(options: argparse.Namespace) -> int:
    """Make an index and say what is in it."""
    if len(options.words) < 3:
        raise ParamsError("write: versionmatch prior-art build CORPUS.tunes FOLDER|MANIFEST …")
    from ..jobs.tune_index import TuneIndex

    folder, *sources = options.words[1:]
    told = progress(options)
    made = TuneIndex.build(
        sources, folder, parts=options.parts, seed=options.seed, workers=options.workers, progress=told
    )
    clear_progress(options)
    sys.stdout.write(built_text(made))
    return FOUND


def bars_of(text: str) -> tuple[int, int]:
    """``5-8`` or ``5``: from and to, both included; raises ParamsError.

    >>> bars_of("5-8"), bars_of("5")
    ((5, 8), (5, 5))
    """
    found = re.fullmatch(r"\s*(\d{1,6})\s*(?:-\s*(\d{1,6})\s*)?", text)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not 1 <= first <= last:
        raise ParamsError(f"{text!r} names no bars; write from-to, such as 5-8, counted from 1")
    return first, last


def built_text(index: TuneIndex) -> str:
    """What an index holds, what was refused, and what that means for searches."""
    corpus = index.corpus
    years = [w.year_to or w.year_from for w in corpus.works if w.year_from or w.year_to]
    lines = [
        f"{index.path}: {len(corpus.works):,} works, {len(corpus.of):,} lines, {corpus.lines.pitches.size:,} notes"
    ]
    span = f", {min(y for y in years if y)} to {max(y for y in years if y)}" if years else ""
    lines.append(f"{len(years):,} have a date{span}; {len(corpus.works) - len(years):,} are undated")
    lines.append(f"{len(corpus.refused):,} could not be used (errors.csv); {corpus.passed_over:,} files are no scores")
    return "\n".join(lines) + "\n"


def text_of(result: PriorArt, index: TuneIndex) -> str:
    """The finding as sentences, then the works, then how common each figure is."""
    tune, lines = result.wanted.tune, [result.summary, ""]
    lines.append(f"The passage: {len(tune)} notes of {result.wanted.source} ({result.wanted.part}): {_names(result)}")
    if result.wanted.machine:
        lines.append("Its notes were transcribed by a machine: check them against the recording.")
    for group in dict.fromkeys(hit.group for hit in result.hits):
        mine = [hit for hit in result.hits if hit.group == group]
        lines += ["", f"{group}:", *map(_line, mine)]
        left = result.counts[group].holding - sum(hit.holds for hit in mine)
        if left > 0:
            lines.append(f"  … {left:,} more hold it (-k 0 lists all)")
    total = len(index.corpus.works)
    lines += ["", f"How many of the {total:,} works have each five notes of the passage, from note:"]
    lines.append(
        "  " + "  ".join(f"{f.first}: {f.works:,}" for f in result.figures) if result.figures else "  none: too short"
    )
    lines.append(f"{result.apart:,} works share no four notes in a row with it.")
    return "\n".join(lines) + "\n"


def _names(result: PriorArt) -> str:
    return " ".join(note_name(float(pitch)) for pitch in result.wanted.tune.pitches)


def _line(hit: Hit) -> str:
    bars = f", bars {hit.bar_from}-{hit.bar_to}" if hit.bar_from and hit.bar_to else ""
    name = f"{hit.title} ({hit.work_id})" if hit.title else hit.work_id
    by = f", {hit.composer}" if hit.composer else ""
    when = f" [{hit.date}]" if hit.date else ""
    key = f"{hit.transposition:+d} semitones" if hit.transposition else "same key"
    rare = f", p {hit.p_value:.2g}, q {hit.q_value:.2g}" if hit.p_value is not None and hit.q_value is not None else ""
    where = f"{clock(hit.start_s)}-{clock(hit.end_s)}, quarters {hit.start_q:g}-{hit.end_q:g}{bars}, {hit.part}"
    return f"  {hit.rank:3d}  {name}{by}{when}: {hit.identical} notes the same ({hit.share:.0%}), {key}{rare}; {where}"


def _csv(result: PriorArt) -> str:
    from ..store.table_file import as_csv
    from ..tables import PRIOR_ART

    return as_csv(PRIOR_ART, [PRIOR_ART.checked(hit.row()) for hit in result.hits]).decode()
