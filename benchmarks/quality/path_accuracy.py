"""How exact the time maps of shared passages are, on music whose true map is known.

Two sources, neither of which enters the project: real recordings given as CQT (dev/covers), read again at warped
times with noise; and pop songs given as MIDI (POP909), played twice by fluidsynth with different instruments. The
query is always an edited version of the reference: other key, other tempo with drift, cut, inserted, exchanged,
repeated sections, noise and silence around it.

    python benchmarks/quality/path_accuracy.py --data ../shared/data --json benchmarks/results/path-accuracy.json
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import tarfile
import tempfile
import time
from pathlib import Path

import mido
import numpy as np
import soundfile
import soxr

from versionmatch.align.passage import time_map
from versionmatch.features.view import Track
from versionmatch.match.cues.passages import passages_between
from versionmatch.types import Audio, Features, Recording

RATE = 50.0  # the truth is kept at that many points per second
SCENARIOS = ("whole", "cut", "inserted", "exchanged", "repeated", "excerpt", "modulated", "framed")
BANK = "/usr/share/sounds/sf2/FluidR3_GM.sf2"
FLOORS = {"median_ms": 100.0, "p95_ms": 250.0}


def plan(scenario: str, duration_s: float, rng: np.random.Generator) -> list[tuple[float, float, int]]:
    """Sections (start_s, end_s, extra semitones) of the reference in the query's order; -1: foreign, -2: no music."""
    a, b, c = np.sort(rng.uniform(0.15, 0.85, 3)) * duration_s
    if c - b < 15 or b - a < 15:
        a, b, c = duration_s * np.array([0.25, 0.5, 0.75])
    whole = (0.0, duration_s, 0)
    return {
        "whole": [whole],
        "cut": [(0.0, a, 0), (b, duration_s, 0)],
        "inserted": [(0.0, b, 0), (-1.0, rng.uniform(15, 25), 0), (b, duration_s, 0)],
        "exchanged": [(0.0, a, 0), (b, c, 0), (a, b, 0), (c, duration_s, 0)],
        "repeated": [(0.0, b, 0), (a, duration_s, 0)],
        "excerpt": [(b - 15, b + 15, 0)],
        "modulated": [(0.0, c, 0), (c, duration_s, 1)],
        "framed": [(-2.0, 12.0, 0), whole, (-2.0, 12.0, 0)],
    }[scenario]


def warped(sections: list[tuple[float, float, int]], ratio: float, rng: np.random.Generator) -> list[np.ndarray]:
    """Per section, the reference time (or the foreign time) of each point of the query, at ``RATE``."""
    maps = []
    for start, end, _ in sections:
        length = end if start < 0 else end - start
        at, speed_phase, times = 0.0, rng.uniform(0, 2 * np.pi), []
        while at < length:
            times.append(at)
            at += ratio * (1 + 0.05 * np.sin(speed_phase + 2 * np.pi * len(times) / (30 * RATE))) / RATE
        maps.append(np.array(times) + max(start, 0.0))
    return maps


def truth(sections: list[tuple[float, float, int]], maps: list[np.ndarray]) -> np.ndarray:
    """Reference time of each point of the query; nan without counterpart."""
    return np.concatenate([np.full(m.size, np.nan) if s[0] < 0 else m for s, m in zip(sections, maps, strict=True)])


def same_music(reference: Features, found: np.ndarray, answer: np.ndarray) -> np.ndarray:
    """Whether the reference has nearly the same 4 s of chroma (cosine ≥ 0.95) at the found and the true place."""
    reach = np.arange(-20, 21, 4)
    places = [np.clip((t[:, None] * 10).astype(int) + reach, 0, reference.n_frames - 1) for t in (found, answer)]
    a, b = (reference.values.T[p].reshape(len(p), -1) for p in places)
    return (a * b).sum(axis=1) >= 0.95 * np.maximum(np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1), 1e-9)


def judged(query: Track, reference: Track, answer: np.ndarray) -> dict[str, object]:
    """Errors in ms where truth and map both speak, and how well the counterpart's presence was told."""
    kinds = ("chroma", "onsets", "moments")  # made before the clock runs
    chroma, _, _ = ([side[kind] for side in (query, reference)] for kind in kinds)
    started = time.perf_counter()
    passages = passages_between(query, reference)
    seconds = time.perf_counter() - started
    found = time_map(passages, (answer.size - 1) / RATE, step_s=1 / RATE)[: answer.size, 1]
    answer = answer[: found.size]
    both = ~np.isnan(found) & ~np.isnan(answer)
    return {
        "errors": 1000 * np.abs(found - answer)[both],
        "same_music": same_music(chroma[1], found[both], answer[both]),
        "told": int((~np.isnan(found)).sum()),
        "true": int((~np.isnan(answer)).sum()),
        "right": int(both.sum()),
        "n_passages": len(passages),
        "seconds": seconds,
    }


def track(name: str, **given: Audio | Features) -> Track:
    length = given["audio"].duration_s if "audio" in given else given["cqt"].n_frames / given["cqt"].frame_rate
    return Track(Recording(name, name, length), given)


def real(path: Path, n: int, skip: int) -> list[tuple[str, np.ndarray]]:
    """CQT magnitudes at 10 Hz of the first version of ``n`` works, the first ``skip`` left out."""
    with np.load(path) as archive:
        names = [k for k in sorted(archive) if k.endswith("_v0")][skip : skip + n]
        return [(k, (archive[k].astype(np.float32) / 255) ** 2) for k in names]


def real_pair(
    cqt: np.ndarray, foreign: np.ndarray, sections: list, maps: list, shift: int, rng: np.random.Generator
) -> tuple[Track, Track]:
    def read(source: np.ndarray, times: np.ndarray) -> np.ndarray:
        at = np.clip(times * 10, 0, source.shape[1] - 1)
        low = at.astype(int)
        high, share = np.minimum(low + 1, source.shape[1] - 1), at - low
        return source[:, low] * (1 - share) + source[:, high] * share

    parts = []
    for (start, _, extra), times in zip(sections, maps, strict=True):
        if start == -2:
            half = times.size // 2
            part = np.concatenate([np.zeros((84, half)), rng.rayleigh(0.1, (84, times.size - half))], axis=1)
        else:
            part = np.roll(read(foreign if start == -1 else cqt, times), shift + extra, axis=0)
        parts.append(part)
    sound = np.concatenate(parts, axis=1)[:, :: int(RATE / 10)]
    loud = sound.max()
    noisy = sound * rng.lognormal(0, 0.3, sound.shape) + (sound.max(axis=0) > 0) * rng.rayleigh(
        0.01 * loud, sound.shape
    )
    return track("query", cqt=Features("cqt", noisy, 10.0)), track("reference", cqt=Features("cqt", cqt, 10.0))


Note = tuple[float, float, int, int, int]  # onset_s, duration_s, pitch, velocity, part


def songs(path: Path, n: int, skip: int = 0) -> list[tuple[str, list[Note]]]:
    """Notes of ``n`` pop songs, spread over the collection, at most 150 s each."""
    wanted = [f"pop909/{i:03d}/{i:03d}.mid" for i in range(11 + skip, 900, (880 - skip) // n)][:n]
    found = {}
    with tarfile.open(path) as archive:
        for member in archive:
            if member.name in wanted:
                found[member.name] = _notes(archive.extractfile(member).read())
    return [(name.split("/")[1], found[name]) for name in wanted]


def _notes(data: bytes) -> list[Note]:
    midi = mido.MidiFile(file=io.BytesIO(data))
    notes = []
    single = [mido.MidiFile(file=io.BytesIO(data)) for _ in midi.tracks]
    for part, one in enumerate(single):
        one.tracks = [one.tracks[0], one.tracks[part]] if part else [one.tracks[0]]
        sounding, now = {}, 0.0
        for message in one:
            now += message.time
            if message.type == "note_on" and message.velocity:
                sounding[message.note] = (now, message.velocity)
            elif message.type in ("note_on", "note_off") and message.note in sounding:
                start, velocity = sounding.pop(message.note)
                if start < 150:
                    notes.append((start, max(now - start, 0.05), message.note, velocity, part))
    return sorted(notes)


def played(notes: list[Note], programs: tuple[int, ...], folder: Path, name: str) -> np.ndarray:
    """The notes as sound, 16 kHz mono."""
    midi = mido.MidiFile(ticks_per_beat=500)  # 120 beats a minute: one tick is a millisecond
    line = mido.MidiTrack()
    midi.tracks.append(line)
    events = [(0.0, mido.Message("program_change", channel=c, program=p)) for c, p in enumerate(programs)]
    for onset, length, pitch, velocity, part in notes:
        channel = part % len(programs)
        events.append((onset, mido.Message("note_on", channel=channel, note=pitch, velocity=velocity)))
        events.append((onset + length - 0.005, mido.Message("note_off", channel=channel, note=pitch)))
    ticks = 0
    for at, message in sorted(events, key=lambda e: e[0]):
        now = round(1000 * at)
        line.append(message.copy(time=now - ticks))
        ticks = now
    source, target = folder / f"{name}.mid", folder / f"{name}.wav"
    midi.save(source)
    subprocess.run(
        ["fluidsynth", "-ni", "-q", "-g", "0.4", "-r", "32000", "-F", str(target), BANK, str(source)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    sound, sr = soundfile.read(target, dtype="float32")
    target.unlink()
    return soxr.resample(sound.mean(axis=1), sr, 16000).astype(np.float32)


def played_pair(
    notes: list[Note],
    foreign: list[Note],
    sections: list,
    maps: list,
    shift: int,
    rng: np.random.Generator,
    folder: Path,
) -> tuple[Track, Track]:
    told, at, quiet = [], 0.0, []
    for (start, _, extra), times in zip(sections, maps, strict=True):
        grid = at + np.arange(times.size) / RATE
        if start == -2:
            quiet.append((at + times.size / RATE / 2, at + times.size / RATE))
        else:
            for onset, length, pitch, velocity, part in foreign if start == -1 else notes:
                if times[0] <= onset < times[-1]:
                    begin, end = np.interp([onset, min(onset + length, times[-1])], times, grid)
                    told.append((begin, max(end - begin, 0.05), pitch + shift + extra, velocity, part))
        at += times.size / RATE
    query = played(sorted(told), (73, 24, 48, 32), folder, "query")
    query = np.pad(query, (0, max(0, int(at * 16000) - query.size)))[: int(at * 16000)]
    for low, high in quiet:
        span = slice(int(low * 16000), int(high * 16000))
        query[span] += rng.normal(0, 0.05, query[span].size).astype(np.float32)
    reference = played(notes, (0, 0, 0, 0), folder, "reference")
    return track("query", audio=Audio(query, 16000)), track("reference", audio=Audio(reference, 16000))


def pooled(results: list[dict[str, object]]) -> dict[str, float]:
    errors = np.concatenate([r["errors"] for r in results])
    told, true, right = (sum(r[k] for r in results) for k in ("told", "true", "right"))
    near = errors[errors < 1000]
    alike = np.concatenate([r["same_music"] for r in results])
    return {
        "pairs": len(results),
        "median_ms": round(float(np.median(errors)), 1),
        "p95_ms": round(float(np.quantile(errors, 0.95)), 1),
        "p95_ms_of_those_within_1_s": round(float(np.quantile(near, 0.95)), 1),
        "share_within_1_s": round(near.size / errors.size, 4),
        "share_within_1_s_or_at_the_same_music": round(float(((errors < 1000) | alike).mean()), 4),
        "coverage_precision": round(right / told, 4),
        "coverage_recall": round(right / true, 4),
        "passages_per_pair": round(float(np.mean([r["n_passages"] for r in results])), 2),
        "median_seconds_per_pair": round(float(np.median([r["seconds"] for r in results])), 3),
    }


def told_of_pairs(path: Path, n_unrelated: int, seed: int) -> dict[str, float]:
    """Real recordings: how many unrelated pairs and how many versions give any passage; self-comparison."""
    with np.load(path) as archive:
        tracks = {
            name: track(name, cqt=Features("cqt", (archive[name].astype(np.float32) / 255) ** 2, 10.0))
            for name in sorted(archive)
        }
    names = list(tracks)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    versions = [p for p in pairs if p[0].split("_")[0] == p[1].split("_")[0]]
    others = [p for p in pairs if p[0].split("_")[0] != p[1].split("_")[0]]
    picked = np.random.default_rng(seed).choice(len(others), min(n_unrelated, len(others)), replace=False)
    found = {
        kind: float(np.mean([bool(passages_between(tracks[a], tracks[b])) for a, b in some]))
        for kind, some in (("unrelated", [others[k] for k in picked]), ("versions", versions))
    }
    worst, covered = 0.0, []
    for name in names[::6]:
        passages = passages_between(tracks[name], tracks[name])
        times = time_map(passages, tracks[name].recording.duration_s)
        covered.append(float(np.mean(~np.isnan(times[:, 1]))))
        worst = max(worst, float(np.nanmax(np.abs(times[:, 0] - times[:, 1]))))
    return {
        "unrelated_pairs": len(picked),
        "unrelated_pairs_with_a_passage": round(found["unrelated"], 4),
        "pairs_of_versions": len(versions),
        "pairs_of_versions_with_a_passage": round(found["versions"], 4),
        "self_worst_error_ms": round(1000 * worst, 1),
        "self_least_coverage": round(min(covered), 4),
    }


def told_of_songs(path: Path, n: int, skip: int) -> dict[str, float | list[list[str]]]:
    """Pop songs, all on one piano: how many pairs of different songs give any passage, and which."""
    with tempfile.TemporaryDirectory() as folder:
        tracks = {
            name: track(name, audio=Audio(played(notes, (0, 0, 0, 0), Path(folder), "song"), 16000))
            for name, notes in songs(path, n, skip)
        }
    names = list(tracks)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    told = [[a, b] for a, b in pairs if passages_between(tracks[a], tracks[b])]
    return {"pairs": len(pairs), "with_a_passage": round(len(told) / len(pairs), 4), "which": told}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--n", type=int, default=8, help="pieces of each source")
    parser.add_argument("--skip", type=int, default=0, help="pieces of each source to leave out at first")
    parser.add_argument("--sources", default="real,played")
    parser.add_argument("--scenarios", default=",".join(SCENARIOS))
    parser.add_argument("--unrelated", type=int, default=300, help="unrelated pairs of real recordings")
    parser.add_argument("--songs", type=int, default=30, help="songs that are compared each with each")
    parser.add_argument("--skip-songs", type=int, default=4, help="songs to leave out there")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--seed", type=int, default=440)
    options = parser.parse_args()
    report: dict[str, object] = {"seed": options.seed, "skip": options.skip, "floors": FLOORS, "sources": {}}
    for source in options.sources.split(","):
        by_scenario: dict[str, list[dict[str, object]]] = {s: [] for s in options.scenarios.split(",")}
        if source == "real":
            pieces = real(options.data / "dev/covers/covers30_cqt84_10hz.npz", options.n, options.skip)
        else:
            pieces = songs(options.data / "train/pop909_main.tar.gz", options.n, options.skip)
        with tempfile.TemporaryDirectory() as folder:
            for i, (_, piece) in enumerate(pieces):
                foreign = pieces[(i + 1) % len(pieces)][1]
                for scenario, results in by_scenario.items():
                    rng = np.random.default_rng([options.seed, i, SCENARIOS.index(scenario)])
                    ratio, shift = rng.uniform(0.8, 1.2), int(rng.integers(-5, 6))
                    length = piece.shape[1] / 10 - 0.5 if source == "real" else piece[-1][0]
                    sections = plan(scenario, min(length, 200.0), rng)
                    maps = warped(sections, ratio, rng)
                    if source == "real":
                        pair = real_pair(piece, foreign, sections, maps, shift, rng)
                    else:
                        pair = played_pair(piece, foreign, sections, maps, shift, rng, Path(folder))
                    result = judged(*pair, truth(sections, maps))
                    results.append(result)
        table = {s: pooled(r) for s, r in by_scenario.items()}
        table["all"] = pooled([r for rs in by_scenario.values() for r in rs])
        report["sources"][source] = table
        for name, row in table.items():
            print(f"{source:7} {name:10}", *(f"{k}={v}" for k, v in row.items()))
    covers = options.data / "dev/covers/covers30_cqt84_10hz.npz"
    report["pairs"] = told_of_pairs(covers, options.unrelated, options.seed)
    print(*(f"{k}={v}" for k, v in report["pairs"].items()))
    report["pairs_of_songs"] = told_of_songs(
        options.data / "train/pop909_main.tar.gz", options.songs, options.skip_songs
    )
    print(report["pairs_of_songs"])
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
