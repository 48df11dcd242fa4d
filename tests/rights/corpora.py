"""A small corpus of tunes with rights holders, made quickly."""

from __future__ import annotations

import hashlib
import itertools

from tests.jobs.sounds import tune, wav
from versionmatch.jobs.corpus import Corpus
from versionmatch.rights.facts import SCOPES, WHOLE

KINDS = ("peaks", "waveform")


def clock():
    """A second for each question."""
    ticks = itertools.count()

    def tell():
        n = next(ticks)
        return f"2026-03-01T{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}Z"

    return tell


def sounds(folder, n, duration_s=6.0):
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(n):
        (folder / f"{seed}.wav").write_bytes(wav(tune(seed, duration_s)))
    return [folder / f"{seed}.wav" for seed in range(n)]


def said(paths, licensed):
    """Work w<i> of the writer p<i % 2> and recording r<i> of the label l for each file; grants for some of them."""
    facts = [("party", {"id": "p0"}), ("party", {"id": "p1"}), ("party", {"id": "l"})]
    for i, path in enumerate(paths):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        facts += [
            ("work", {"id": f"w{i}", "shares": {f"p{i % 2}": WHOLE}}),
            ("recording", {"id": f"r{i}", "works": [f"w{i}"], "owners": {"l": WHOLE}}),
            ("asset", {"id": f"a{i}", "recording": f"r{i}", "sha256": digest}),
        ]
        if i in licensed:
            usual = {"scopes": list(SCOPES), "models": ["v1"], "start": "2026-01-01T00:00:00Z"}
            master = {"id": f"m{i}", "grantor": "l", "right": "master", "subject": {"kind": "recording", "id": f"r{i}"}}
            work = {"id": f"g{i}", "grantor": f"p{i % 2}", "right": "publishing"}
            work["subject"] = {"kind": "work", "id": f"w{i}"}
            facts += [("grant", {**master, **usual}), ("grant", {**work, **usual})]
    return facts


def small(root, n=4, licensed=(0, 1, 2), kinds=KINDS):
    """A corpus of n tunes, the last of which is not licensed, and the paths of its files."""
    paths = sounds(root / "sounds", n)
    corpus = Corpus.create(root / "corpus", "example.org/small", clock=clock(), kinds=kinds)
    with corpus.book.writing("test"):
        corpus.book.add_all(said(paths, licensed))
    return corpus, paths
