"""Play the two arrangements of ``score.py``: writes two recordings and ``truth.json`` beside this file.

Needs fluidsynth, the MIT-licensed soundfont FluidR3 (Debian: ``fluid-soundfont-gm``), ffmpeg with libvorbis, and
mido, numpy and soundfile. The recordings are kept in the repository; nobody needs to run this to use them.

    python examples/render.py [--soundfont /usr/share/sounds/sf2/FluidR3_GM.sf2]
"""

import argparse
import json
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
import score
import soundfile

HERE = Path(__file__).resolve().parent
START_S = 0.3  # silence before the first note
TICKS_PER_SECOND = 2000
SEMITONE = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
QUALITY = {"": ("maj", (0, 4, 7)), "m": ("min", (0, 3, 7)), "7": ("7", (0, 4, 7, 10)),
           "m7": ("min7", (0, 3, 7, 10)), "maj7": ("maj7", (0, 4, 7, 11))}  # fmt: skip
PARTS = {  # channel, General MIDI program, pan, volume
    "melody": (0, 0, 64, 98), "guitar": (1, 24, 44, 96), "cello": (2, 42, 82, 84), "strings": (3, 48, 70, 62),
    "piano": (4, 0, 48, 96), "bass": (5, 32, 64, 90), "brushes": (9, 40, 74, 52),
}  # fmt: skip


@dataclass(frozen=True)
class Note:
    part: str
    onset_s: float
    end_s: float
    pitch: int
    velocity: int


class Clock:
    """Seconds of a place in eighths: steady, but with a lilt, a breath at phrase ends and a slower last bar."""

    def __init__(self, arrangement: score.Arrangement) -> None:
        eighth_s = 20.0 / arrangement.dotted_quarters_per_minute
        lengths: list[float] = []
        for section in arrangement.sections:
            n_bars = len(bars(section.melody))
            for bar in range(n_bars):
                for eighth in range(6):
                    lilt = (1.03, 1.0, 0.97)[eighth % 3]
                    breath = 1.0 + 0.05 * (bar % 4 == 3) * (eighth / 5) - 0.015 * (bar % 4 == 1)
                    last = 1.0 + 0.07 * (bar == n_bars - 1) * (eighth / 5)
                    lengths.append(eighth_s / section.pace * lilt * breath * last)
        lengths[-12:] = list(np.array(lengths[-12:]) * np.linspace(1.05, 1.35, 12))
        self.edges_s = START_S + np.concatenate([[0.0], np.cumsum(lengths)])

    def __call__(self, eighths: float) -> float:
        return float(np.interp(eighths, np.arange(self.edges_s.size), self.edges_s))


def bars(text: str) -> list[list[str]]:
    """The words of each bar."""
    return [bar.split() for bar in text.split("|") if bar.split()]


def midi(name: str) -> int:
    letter, sharp, octave = re.fullmatch(r"([A-G])(#?)(\d)", name).groups()
    return SEMITONE[letter] + len(sharp) + 12 * (int(octave) + 1)


def neighbour(pitch: int, step: int) -> int:
    """The next pitch of the scale above (+1) or below (-1)."""
    pitch += step
    while pitch % 12 not in score.SCALE:
        pitch += step
    return pitch


def chords(harmony: str) -> list[tuple[int, str]]:
    """(root pitch class, quality) of each half bar, as written."""
    found: list[tuple[int, str]] = []
    for word in (w for bar in bars(harmony) for w in bar):
        found.append(found[-1] if word == "." else (SEMITONE[word[0]], word[1:]))
    return found


def play_melody(section: score.Section, first: float, arrangement: score.Arrangement, clock: Clock) -> list[Note]:
    notes: list[Note] = []
    shift = arrangement.semitones + section.semitones + 12 * arrangement.melody_octave
    for bar, words in enumerate(bars(section.melody)):
        at = first + 6 * bar
        arch = 1.0 + 0.10 * np.sin(np.pi * (bar % 4 + 0.5) / 4)
        for word in words:
            ornament = word[0] if word[0] in "~^" else ""
            name, _, length = word.lstrip("~^").partition("/")
            start, end = clock(at), clock(at + float(length))
            at += float(length)
            if name == "r":
                continue
            velocity = int(min(120, 118 * section.loudness * arch * (1.04 if (at - float(length)) % 3 == 0 else 0.97)))
            pitch, legato = midi(name), end - 0.02
            if ornament == "~":
                upper = neighbour(pitch, 1)
                pieces = [
                    (start, start + 0.09, pitch),
                    (start + 0.09, start + 0.18, upper),
                    (start + 0.18, legato, pitch),
                ]
            elif ornament == "^":
                pieces = [(start - 0.07, start, neighbour(pitch, -1)), (start, legato, pitch)]
            else:
                pieces = [(start, legato, pitch)]
            notes += [Note("melody", s, e, p + shift, velocity) for s, e, p in pieces]
        if sum(float(w.partition("/")[2]) for w in words) != 6:
            raise ValueError(f"bar {bar + 1} of {section.label} does not hold six eighths: {' '.join(words)}")
    return notes


def within(pitch_class: int, low: int) -> int:
    """The pitch of that class at or above ``low``."""
    return low + (pitch_class - low) % 12


def play_chord(part: str, root: int, tones: tuple[int, ...], half: int, at: float, clock: Clock, loudness: float,
               following: int) -> list[Note]:  # fmt: skip
    """Three eighths of accompaniment; ``half`` is 0 or 1 within the bar, ``following`` the next chord's root."""

    def note(start: float, length: float, pitch: int, weight: float) -> Note:
        return Note(
            part, clock(at + start), clock(at + start + length) - 0.01, pitch, int(min(120, 100 * loudness * weight))
        )

    third, fifth, top = root + tones[1], root + tones[2], root + tones[-1]
    if part == "guitar":
        low = within(root, 43)
        steps = (
            [low, within(fifth, low), within(third, low + 10)]
            if half == 0
            else [within(fifth, low), within(root, low + 8), within(third, low + 10)]
        )
        return [note(i, 3.0 - i, p, 1.0 if i == 0 else 0.8) for i, p in enumerate(steps)]
    if part == "cello":
        return [note(0, 3, within(root, 36), 0.9)]
    if part == "strings":
        return [note(0, 3, within(p, 55), 0.6) for p in (root, third, fifth)]
    if part == "piano":
        hits = [(0.0, 1.9, 1.0), (2.0, 0.9, 0.8)] if half == 0 else [(0.0, 1.0, 0.8), (1.0, 1.0, 0.95)]
        voicing = sorted({within(p, 52) for p in (third, fifth, top, root)})
        return [note(s, d, p, w) for s, d, w in hits for p in voicing]
    if part == "bass":
        line = [note(0, 2.4, within(root, 28) if half == 0 else within(fifth, 28), 0.95)]
        approach = within(following, 28) - 1
        return [*line, note(2.5, 0.5, approach, 0.6)] if half == 1 else line
    ride, pedal, snare = 51, 44, 38  # brushes
    return [
        note(0, 0.5, ride, 0.55),
        note(2 + 0.06, 0.5, ride, 0.4),
        note(0, 0.5, pedal if half else snare, 0.4 + 0.1 * half),
    ]


def perform(arrangement: score.Arrangement) -> tuple[list[Note], dict]:
    """All notes in seconds, and the facts of the performance."""
    clock, notes, at = Clock(arrangement), [], 0.0
    random = np.random.default_rng(440)
    facts: dict = {"title": arrangement.title, "key": arrangement.key,
                   "tempo_dotted_quarters_per_minute": arrangement.dotted_quarters_per_minute,
                   "sections": [], "bars": [], "chords": []}  # fmt: skip
    for section in arrangement.sections:
        notes += play_melody(section, at, arrangement, clock)
        halves, shift = chords(section.harmony), arrangement.semitones + section.semitones
        n_bars = len(bars(section.melody))
        if len(halves) != 2 * n_bars:
            raise ValueError(f"{section.label} has {n_bars} bars of melody and {len(halves) / 2} of harmony")
        for i, (written, quality) in enumerate(halves):
            root, following = (r + shift for r in (written, halves[(i + 1) % len(halves)][0]))
            where = at + 3 * i
            label = f"{NAMES[root % 12]}:{QUALITY[quality][0]}"
            facts["chords"].append([round(clock(where), 3), round(clock(where + 3), 3), label])
            for part in section.parts:
                notes += play_chord(part, root, QUALITY[quality][1], i % 2, where, clock, section.loudness, following)
        facts["sections"].append({"label": section.label, "tune": section.tune, "start_s": round(clock(at), 3),
                                  "end_s": round(clock(at + 6 * n_bars), 3)})  # fmt: skip
        facts["bars"] += [{"section": section.label, "tune": section.tune, "bar": b + 1,
                           "start_s": round(clock(at + 6 * b), 3), "middle_s": round(clock(at + 6 * b + 3), 3)}
                          for b in range(n_bars)]  # fmt: skip
        at += 6 * n_bars
    facts["music_end_s"] = round(clock(at), 3)
    facts["melody"] = [
        [round(n.onset_s, 3), round(n.end_s - n.onset_s, 3), n.pitch] for n in notes if n.part == "melody"
    ]
    return [humanised(n, random) for n in notes], facts


def humanised(note: Note, random: np.random.Generator) -> Note:
    """A few milliseconds and a little force, as hands do it; the melody stays where the facts say."""
    late = 0.0 if note.part == "melody" else float(random.normal(0, 0.005))
    force = int(np.clip(note.velocity + random.normal(0, 3), 20, 122))
    return Note(note.part, max(0.0, note.onset_s + late), note.end_s, note.pitch, force)


def write_midi(notes: list[Note], melody_program: int, path: Path) -> None:
    file = mido.MidiFile(ticks_per_beat=TICKS_PER_SECOND // 2)  # at 120 beats a minute
    track = mido.MidiTrack()
    file.tracks.append(track)
    events: list[tuple[int, int, mido.Message]] = []
    for part, (channel, usual, pan, volume) in PARTS.items():
        program = melody_program if part == "melody" else usual
        setup = [("control_change", {"control": 7, "value": volume}), ("control_change", {"control": 10, "value": pan}),
                 ("control_change", {"control": 91, "value": 52})]  # fmt: skip
        events.append((0, 0, mido.Message("program_change", channel=channel, program=program)))
        events += [(0, 1, mido.Message(kind, channel=channel, **values)) for kind, values in setup]
    for note in notes:
        channel = PARTS[note.part][0]
        start, end = (
            round(note.onset_s * TICKS_PER_SECOND),
            round(max(note.end_s, note.onset_s + 0.03) * TICKS_PER_SECOND),
        )
        events.append((start, 3, mido.Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)))
        events.append((end, 2, mido.Message("note_off", channel=channel, note=note.pitch, velocity=0)))
    now = 0
    for tick, _, message in sorted(events, key=lambda e: (e[0], e[1])):
        track.append(message.copy(time=tick - now))
        now = tick
    file.save(path)


def record(notes: list[Note], arrangement: score.Arrangement, end_s: float, soundfont: Path) -> float:
    """Writes the recording; gives its length in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        song, wave, final = (Path(folder) / name for name in ("song.mid", "wave.wav", "final.wav"))
        write_midi(notes, arrangement.melody_program, song)
        room = ["synth.chorus.active=0", "synth.reverb.room-size=0.5", "synth.reverb.level=0.5"]
        options = [word for setting in room for word in ("-o", setting)]
        play = ["fluidsynth", "-niq", "-F", str(wave), "-r", "44100", "-g", "0.7", *options, str(soundfont), str(song)]
        subprocess.run(play, check=True)
        samples, rate = soundfile.read(wave)
        samples = samples[: int((end_s + 1.2) * rate)]
        fade = np.linspace(1.0, 0.0, int(0.8 * rate))[:, None] ** 2
        samples[-fade.shape[0] :] *= fade
        soundfile.write(final, samples * (0.89 / np.abs(samples).max()), rate, subtype="PCM_24")
        tags = {"title": arrangement.title, "artist": "The versionmatch authors", "genre": "Traditional"}
        marks = [word for name, text in tags.items() for word in ("-metadata", f"{name}={text}")]
        same = ["-fflags", "+bitexact", "-flags:a", "+bitexact", "-map_metadata", "-1"]  # every run the same bytes
        target = str(HERE / f"{arrangement.name}.ogg")
        encode = [
            "ffmpeg",
            "-v",
            "error",
            "-y",
            "-i",
            str(final),
            *same,
            "-c:a",
            "libvorbis",
            "-q:a",
            "0",
            *marks,
            target,
        ]
        subprocess.run(encode, check=True)
    return float(samples.shape[0] / rate)


def correspondence(query: dict, reference: dict) -> list[dict]:
    """Where both are at every half bar of the sections that both play."""
    there = {(b["section"], b["bar"]): b for b in reference["bars"] if b["tune"]}
    return [{"section": b["section"], "bar": b["bar"] + half / 2, "query_s": b[time],
             "reference_s": there[b["section"], b["bar"]][time]}
            for b in query["bars"] if (b["section"], b["bar"]) in there and b["tune"]
            for half, time in enumerate(("start_s", "middle_s"))]  # fmt: skip


def truth(facts: dict[str, dict]) -> dict:
    (query_name, query), (reference_name, reference) = facts.items()
    pairs = correspondence(query, reference)
    shared = {p["section"] for p in pairs}
    seconds = {side: sum(s["end_s"] - s["start_s"] for s in f["sections"] if s["label"] in shared)
               for side, f in (("query", query), ("reference", reference))}  # fmt: skip
    return {
        "schema": "versionmatch.truth/1",
        "work": "Greensleeves (English, 16th century)",
        "query": query_name,
        "reference": reference_name,
        "transposition": score.A.semitones - score.B.semitones,
        "tempo_ratio": round(seconds["reference"] / seconds["query"], 4),
        "only_in_query": [s["label"] for s in query["sections"] if s["label"] not in shared],
        "only_in_reference": [s["label"] for s in reference["sections"] if s["label"] not in shared],
        "correspondence": pairs,
        "recordings": facts,
    }


def dump(value: object, indent: int = 0) -> str:
    """JSON with one line per innermost list or object."""
    pad = " " * (indent + 1)
    if isinstance(value, dict) and any(isinstance(v, dict | list) for v in value.values()):
        inner = ",\n".join(f"{pad}{json.dumps(k)}: {dump(v, indent + 1)}" for k, v in value.items())
        return "{\n" + inner + "\n" + " " * indent + "}"
    if isinstance(value, list) and any(isinstance(v, dict | list) for v in value):
        return "[\n" + ",\n".join(pad + dump(v, indent + 1) for v in value) + "\n" + " " * indent + "]"
    return json.dumps(value, ensure_ascii=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--soundfont", type=Path, default=Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"))
    options = parser.parse_args()
    facts = {}
    for arrangement in (score.A, score.B):
        notes, performance = perform(arrangement)
        duration_s = record(notes, arrangement, performance["music_end_s"], options.soundfont)
        facts[f"{arrangement.name}.ogg"] = {"duration_s": round(duration_s, 3), **performance}
    (HERE / "truth.json").write_text(dump(truth(facts)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
