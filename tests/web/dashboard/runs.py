"""Catalogue runs as the page is handed them: a small one with sound on disk, and large ones of made-up names."""

import hashlib

import numpy as np
import soundfile

from versionmatch.tables import MATCHES
from versionmatch.web.dashboard import RecordingInfo

TIERS = ("same recording", "altered recording", "version", "related passage")
NOUNS = [
    "Garden",
    "River",
    "Winter",
    "Ballad",
    "Morning",
    "Shadow",
    "Lantern",
    "Harbour",
    "Valley",
    "Sparrow",
    "Candle",
    "Meadow",
    "Thunder",
    "Mirror",
]
BANDS = ["Quartet", "Orchestra", "Ensemble", "Singers", "Trio", "Brothers", "Sisters", "Collective"]


def identity(name):
    return hashlib.sha256(name.encode()).hexdigest()


def match(query, reference, tier="version", score=0.9, **more):
    row = {
        "query_id": query, "ref_id": reference, "tier": tier, "score": score, "p_null": None,
        "q_start": 1.0, "q_end": 3.0, "r_start": 2.0, "r_end": 4.1, "transpose": 0, "tempo_ratio": 1.0,
        "matched_s": 2.0, "coverage_q": 0.4, "coverage_r": 0.35, "method": "harmony", "model_id": "versions-v2",
        "rank": 1, "q_value": None,
    }  # fmt: skip
    return {name: (row | more)[name] for name in MATCHES.names}


def run_facts(**more):
    facts = {
        "id": "2026-11-28T0012-scan-4f2a", "scanned": ["music"], "prior": 0.001, "model_id": "versions-v2", "seed": 440,
        "ledger": {"seen": 9, "done": 6, "quarantined": 2, "skipped": 1, "pending": 0},
        "null": "covers: 30 works, 1,891 unrelated pairs",
        "versions": {"versionmatch": "0.1.0", "numpy": "2.4.6"},
    }  # fmt: skip
    return facts | more


def tone(path, hz, seconds=6.0, sr=8000):
    t = np.arange(round(seconds * sr)) / sr
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * hz * t), sr)


HOSTILE = "</script><script>document.title='broken'</script>\"'&<b>"
RTL = "حديقة \u202eevil"
ODD_NAME = "50% #1 é?.wav"


def small(folder):
    """Arguments of ``write_dashboard``: six recordings, one of them gone from the disk, one without any path."""
    sounds = folder.parent / "music"
    tone(sounds / "garden.wav", 440)
    tone(sounds / "live" / ODD_NAME, 330)
    tone(sounds / "river.wav", 220)
    a, b, c, d, e, f = (identity(x) for x in "abcdef")
    recordings = {
        a: RecordingInfo("In the Garden", "The Synthesisers", "../music/garden.wav", 6.0),
        b: RecordingInfo("Garden (live)", "The Synthesisers", f"../music/live/{ODD_NAME}", 6.0),
        c: RecordingInfo("River", "Ángel", "../music/river.wav", 6.0, ("low_information",)),
        d: RecordingInfo(HOSTILE, RTL, "../music/gone.wav", 5.0),
        e: RecordingInfo(None, None, "../music/untitled 7.wav", None),
        f: RecordingInfo("No path", None, None, 4.0),
    }
    matches = [
        match(a, b, "same recording", 0.999, p_null=0.00052, transpose=2, tempo_ratio=1.02, matched_s=2.0),
        match(a, c, "version", 0.91, q_start=0.5, q_end=1.5, r_start=3.0, r_end=4.0, transpose=9, matched_s=1.0),
        match(d, e, "altered recording", 0.97, tempo_ratio=None, transpose=None, matched_s=3.5, model_id=None),
        match(c, f, "related passage", 0.55, matched_s=1.5),
    ]
    clusters = [
        {"cluster_id": min(a, b), "recording_id": name, "tier": "same recording", "role": role, "confidence": 0.999,
         "reason": "landmarks agree"}
        for name, role in ((a, "original"), (b, "duplicate"))
    ]  # fmt: skip
    conflicts = [
        {"kind": "one_id_many_audio", "number": "isrc", "value": "DEAB12600001", "recording_ids": f"{a} {c}",
         "sources": "manifest.csv, row 2; manifest.csv, row 4", "about": "2 recordings that do not sound the same …"},
        {"kind": "missing_id", "number": "isrc", "value": None, "recording_ids": f, "sources": "x.wav",
         "about": "no ISRC is given"},
    ]  # fmt: skip
    errors = [
        {"path": "music/torn.mp3", "code": "truncated", "about": "12 of 180 s could be read", "recording_id": c},
        {"path": "music/notes.txt", "code": "not_audio", "about": HOSTILE, "recording_id": None},
    ]
    return {"run": run_facts(), "matches": matches, "clusters": clusters, "conflicts": conflicts, "errors": errors,
            "recordings": recordings}  # fmt: skip


def large(n_matches, n_recordings, seed=440):
    """A run of made-up names as long as real ones, every recording in a match where there are enough of these."""
    rng = np.random.default_rng(seed)
    ids = [identity(f"{seed} {i}") for i in range(n_recordings)]
    recordings = {}
    for i, name in enumerate(ids):
        one, two = NOUNS[rng.integers(len(NOUNS))], NOUNS[rng.integers(len(NOUNS))]
        band = f"The {NOUNS[rng.integers(len(NOUNS))]} {BANDS[rng.integers(len(BANDS))]} {i // 12 % 997}"
        title = f"{one} of the {two} {rng.integers(100)}"
        path = f"../music/{band}/album {i // 12:05d}/{i % 12 + 1:02d} {title}.flac"
        recordings[name] = RecordingInfo(title, band, path, float(rng.uniform(60, 400)))
    order = rng.permutation(n_recordings)
    matches = []
    for k in range(n_matches):
        i, j = order[2 * k % n_recordings], order[(2 * k + 1) % n_recordings]
        start, there, length = (float(rng.uniform(*ends)) for ends in ((0, 60), (0, 60), (5, 200)))
        matches.append(match(
            ids[i], ids[j], TIERS[rng.integers(4)], float(rng.beta(6, 1)), p_null=float(rng.uniform(0, 0.01)),
            q_start=start, q_end=start + length, r_start=there, r_end=there + length, matched_s=length,
            transpose=int(rng.integers(12)), tempo_ratio=float(rng.normal(1, 0.05)), coverage_q=float(rng.uniform()),
            coverage_r=float(rng.uniform()), rank=int(rng.integers(1, 4)),
        ))  # fmt: skip
    return {"run": run_facts(id=f"large {n_matches}", ledger={"seen": 100_000, "done": 99_990, "quarantined": 10}),
            "matches": matches, "recordings": recordings}  # fmt: skip
