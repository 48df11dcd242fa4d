"""How often is a melodic passage found, where there should be none and where there may be one?

    python -m benchmarks.quality.melodic_passages DATA CATALOGUE TRACKS [--cache DIR]

*Disputed pairs*: 50 songs as MIDI (DATA/dev); pairs of different cases are unrelated. *Recordings*: those of CATALOGUE
at odd positions (see ``fit_melodic_chance``, which was fitted on the even ones), pairs of different games. *Mixed*:
the same recordings with the disputed songs; and anthems as recordings with independent MIDI arrangements of them,
where pairs of different anthems are unrelated. Writes ``results/melodic-passages.json``.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.quality.fit_melodic_chance import recorded
from versionmatch.jobs.opening import open_track
from versionmatch.match.melodic_passages import melodic_passages
from versionmatch.plugins import Track
from versionmatch.store.artefacts import ArtefactStore

SEED, N_PAIRS, LEVELS = 440, 2000, (0.01, 0.05)
RESULT = Path(__file__).resolve().parents[1] / "results" / "melodic-passages.json"
Named = list[tuple[str, Track]]  # case, game or anthem, and the track
Pair = tuple[Track, Track]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("data", "catalogue", "tracks"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "versionmatch-anthems")
    args = parser.parse_args()
    folder = next((args.data / "dev").glob("plag*"))
    songs: Named = [(p.stem[:-1], open_track(p)) for p in sorted(folder.glob("case*.mid"))]
    odd: Named = recorded(args.catalogue, args.tracks)[1::2]
    played, written = anthems(args.data / "dev" / "anthems", ArtefactStore(args.cache))
    report: dict[str, Any] = {"seed": SEED, "n_songs": len(songs), "n_recordings": len(odd)}
    report["disputed pairs"] = sides(*sorted_out(list(combinations(songs, 2))))
    report["recordings"] = rates(drawn(sorted_out(list(combinations(odd, 2)))[1]))
    report["recordings with songs"] = rates(drawn([(a, b) for (_, a), (_, b) in product(odd, songs)]))
    report["anthems, recording with score"] = sides(*sorted_out(list(product(played, written))))
    RESULT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


def anthems(data: Path, cache: ArtefactStore) -> tuple[Named, Named]:
    """Recordings and arrangements, each with its anthem."""
    rows = json.loads((data / "manifest.json").read_text(encoding="utf-8"))
    files = [(row["work_id"], data / row["file"]) for row in rows]
    opened = [(work, path, open_track(path, cache=cache)) for work, path in files]
    for _, _, track in opened:
        _ = track["notes"], track["beats"]
        track.release("audio")
    return tuple([(w, t) for w, p, t in opened if (p.suffix == ".mid") == midi] for midi in (False, True))  # type: ignore[return-value]


def sorted_out(pairs: list[tuple[tuple[str, Track], tuple[str, Track]]]) -> tuple[list[Pair], list[Pair]]:
    """Related and unrelated pairs, by their names."""
    return tuple([(a, b) for (x, a), (y, b) in pairs if (x == y) == alike] for alike in (True, False))  # type: ignore[return-value]


def drawn(pairs: list[Pair]) -> list[Pair]:
    """``N_PAIRS`` of them."""
    chosen = np.random.default_rng(SEED).permutation(len(pairs))[:N_PAIRS]
    return [pairs[i] for i in sorted(chosen.tolist())]


def sides(related: list[Pair], unrelated: list[Pair]) -> dict[str, Any]:
    """Both kinds of pairs."""
    return {"related": rates(related), "unrelated": rates(unrelated)}


def rates(pairs: list[Pair]) -> dict[str, Any]:
    """In how many pairs a passage is found at each level, and the time of a pair."""
    melodic_passages(*pairs[0], max_p=1.0)  # compiled before the clock starts
    began = time.process_time()
    found = [melodic_passages(a, b, max_p=max(LEVELS)) for a, b in pairs]
    spent = time.process_time() - began
    best = np.array([min((p.p_value or 1.0 for p in passages), default=1.0) for passages in found])
    counts = {f"p < {level:g}": int((best < level).sum()) for level in LEVELS}
    shares = {f"share at {name}": round(n / len(pairs), 4) for name, n in counts.items()}
    return {"pairs": len(pairs), **counts, **shares, "ms_per_pair": round(1e3 * spent / len(pairs), 1)}


if __name__ == "__main__":
    main()
