"""The report's prose: who the recordings are, how it was done, what it cannot say, how to do it again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from ..types import Match, Recording
from ..units import clock
from .corrected import mark
from .markup import Child, Markup, details, element, join, table
from .passages import semitone_words
from .plot import badge, feature

FLAG_WORDS = {
    "low_information": "too little musical information for a confident statement",
    "silence": "silent",
    "tone": "a steady tone",
    "too_short": "too short",
    "dc_only": "a constant voltage without sound",
    "clipped": "clipped peaks",
    "non_finite": "samples that are no numbers, taken as silence",
    "truncated": "the file ends early",
    "dc_offset": "a constant offset, removed",
    "single_line": "a single line, over which no chords are written",
}

NOT_ANALYSED = (
    "lyrics and their meaning",
    "timbre, voices, instrumentation and sound production",
    "form beyond the order of the shared passages",
    "ornaments, phrasing and dynamics",
    "dates, authorship, access, and how common a figure is outside the corpus of unrelated pairs",
)

METHOD = (
    "Both recordings are decoded to one channel, and one constant-Q transform of each (twelve bins an octave, tuned to "
    "the recording) serves all that follows: chroma, melody, notes, chords, key, onsets and beats. Each cue compares "
    "one element and gives a raw value in its own unit. Shared passages are found by local alignment of chroma in all "
    "twelve transpositions; within a passage every moment of A has its moment in B, and outside of passages nothing is "
    "aligned by force.",
    "A raw value says little by itself. Beside it stands its null: the values that pairs of unrelated recordings give "
    "under the same settings. A percentile or p belongs to that corpus only; music of another kind may be alike more "
    "often.",
)

LIMITS = (
    "This is not proof of anything but likeness. It gives no opinion on law, and no likeness of two recordings shows "
    "which came first.",
    "Melody, chords, beats and keys are found by machine in the mixed sound; each errs, and its confidence is stated "
    "where it is known.",
    "Two recordings can share a passage because both follow a common pattern, a common source or the same teacher.",
    "That no passage was found does not show that there is none: passages shorter than the setting below are not "
    "reported.",
)


def header(match: Match, *, question: str, examiner: str, date: str | None) -> Markup:
    """Title, question, and both recordings' particulars."""
    facts = [("Question", question), ("Examiner", examiner), ("Date", date or "")]
    given = [join(element("dt", name), element("dd", text)) for name, text in facts if text]
    return element(
        "header",
        element("p", "versionmatch comparison", class_="kicker"),
        element(
            "h1",
            element("span", match.query.label, class_="name-a"),
            " ",
            element("span", "and", class_="and"),
            " ",
            element("span", match.reference.label, class_="name-b"),
        ),
        element("dl", given, class_="given") if given else None,
        element(
            "div",
            _card(match, "a"),
            _card(match, "b"),
            class_="two cards",
        ),
    )


def _card(match: Match, side: str) -> Markup:
    recording, track = _side(match, side)
    key, beats, cqt = (feature(track, kind) for kind in ("key", "beats", "cqt"))
    rows: list[tuple[str, Child]] = [("Length", clock(recording.duration_s))]
    if recording.artist:
        rows.append(("Artist", recording.artist))
    if recording.isrc:
        rows.append(("ISRC", recording.isrc))
    rows.append(("Key", join(_key(key), mark(match, "key", sides=side))))
    rows.append(("Tempo", join(_tempo(beats), mark(match, "beats", sides=side))))
    rows.append(("Tuning", _tuning(cqt)))
    file = [
        f"{recording.sr / 1000:g} kHz" if recording.sr else "",
        {1: "mono", 2: "stereo"}.get(
            recording.channels, f"{recording.channels} channels" if recording.channels else ""
        ),
        recording.codec,
    ]
    rows.append(("Sound", ", ".join(part for part in file if part) or "–"))
    name = PurePath(recording.source.replace("\\", "/")).name
    if recording.title and name and recording.source not in {"array", "bytes"}:
        rows.append(("File", name))
    rows.append(("Id", _identity(recording.id)))
    flags = [FLAG_WORDS.get(flag, flag) for flag in recording.flags]
    if flags:
        rows.append(("Remarks", "; ".join(flags)))
    return element(
        "section",
        element("h2", badge(side), " ", recording.label),
        element("dl", [join(element("dt", name), element("dd", text)) for name, text in rows]),
        class_=f"card {side}",
        aria_label=f"Recording {side.upper()}",
    )


def _side(match: Match, side: str) -> tuple[Recording, Mapping[str, Any]]:
    return (match.query, match.query_track) if side == "a" else (match.reference, match.reference_track)


def _identity(sha256: str) -> Markup:
    if len(sha256) <= 16:
        return element("code", sha256)
    return element(
        "details",
        element("summary", element("code", sha256[:12]), " …"),
        element("code", sha256, class_="whole"),
        element(
            "span", f"sha256 of {'its notes' if sha256.startswith('score-') else 'the decoded sound'}", class_="quiet"
        ),
        class_="identity",
    )


def _key(key: Any) -> Child:
    if key is None or len(key) == 0:
        return "not found"
    return join(key.labels[0], " ", element("span", f"confidence {key.confidence[0]:.2f}", class_="quiet"))


def _tempo(beats: Any) -> Child:
    tempo = None if beats is None else beats.facts.get("tempo_bpm")
    if not tempo:
        return "not found"
    sure = beats.facts.get("tempo_confidence")
    tail = "" if sure is None else f"confidence {float(sure):.2f}"
    return join(f"{float(tempo):.1f} beats a minute ", element("span", tail, class_="quiet") if tail else None)


def _tuning(cqt: Any) -> Child:
    cents = None if cqt is None else cqt.facts.get("tuning_cents")
    if cents is None:
        return "not found"
    value = round(float(cents))
    return "A = 440 Hz" if value == 0 else f"{'+' if value > 0 else '−'}{abs(value)} cents from A = 440 Hz"


def key_switch(match: Match) -> Markup:
    """How B is shown, and the choice between the common and the original key."""
    if match.transposition % 12 == 0:
        return element("p", "Both recordings are in one key; nothing is transposed.", class_="keying")
    radios = [
        element(
            "label", element("input", type="radio", name="keying", value=value, checked=value == "common"), " ", text
        )
        for value, text in (("common", "A's key"), ("original", "its own key"))
    ]
    legend = f"B is transposed by {semitone_words(match.transposition)} to meet A. Show B in"
    return element("fieldset", element("legend", legend), radios, class_="keying", id="keying")


def method(match: Match) -> Markup:
    """How it was done and what it cannot say."""
    return join(
        [element("p", text) for text in METHOD],
        element("h3", "What was not analysed"),
        element("ul", [element("li", text) for text in NOT_ANALYSED]),
        element("h3", "Limits"),
        element("ul", [element("li", text) for text in (*LIMITS, *match.notes)]),
    )


def reproduction(match: Match, *, audio: bool) -> Markup:
    """Versions, settings, digests and the command."""
    m = match.manifest
    rows: list[tuple[str, Child]] = [
        (f"input {name}", element("code", digest)) for name, digest in sorted(m.inputs.items())
    ]
    rows += [(f"version of {name}", number) for name, number in m.versions.items()]
    rows += [("digest of the settings", element("code", m.params_digest))]
    rows += [("seed", "none is used" if m.seed is None else str(m.seed))]
    settings = [
        (name, element("code", json.dumps(value, ensure_ascii=False))) for name, value in sorted(m.params.items())
    ]
    return join(
        element("p", "The same two files, versions and settings give this page again, byte for byte:"),
        element("pre", element("code", command(match, audio=audio)), tabindex="0", aria_label="Command"),
        table(("what", "value"), rows, caption="Inputs and versions", class_="data plain"),
        details(
            "All settings", table(("setting", "value"), settings, caption="Settings", class_="data plain"), open_=True
        ),
    )


def command(match: Match, *, audio: bool) -> str:
    """The command line that makes the comparison again."""
    names = []
    for recording, fallback in ((match.query, "A"), (match.reference, "B")):
        name = PurePath(recording.source.replace("\\", "/")).name
        names.append(_quoted(fallback if name in {"", "array", "bytes"} else name))
    parts = ["versionmatch compare", *names, "--out report.html"]
    for flag, setting in (("--a-range", "query_range"), ("--b-range", "reference_range")):
        span = match.manifest.params.get(setting)
        if span:
            parts.append(f"{flag} {clock(float(span[0]))}-{clock(float(span[1]))}")
    for side, whole in (("a", "query"), ("b", "reference")):
        flags = {"melody-part": match.manifest.params.get(f"{whole}_melody_part", "")}
        flags |= match.manifest.params.get(f"corrections_{side}", {})
        parts += [f"--{name}-{side} {_quoted(str(value))}" for name, value in flags.items() if value]
    if not audio:
        parts.append("--no-audio")
    return " ".join(parts)


def _quoted(name: str) -> str:
    safe = name and all(c.isalnum() or c in "._-+=,@%/" for c in name) and not name.startswith("-")
    return name if safe else "'" + name.replace("'", "'\\''") + "'"
