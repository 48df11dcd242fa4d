"""The peers of the fingerprint benchmark, each behind ``add``, ``best`` and ``finds``.

A peer is given every help: chromaprint is compared at each offset of each track, which no index of it does. A find
counts if the right track is best and better than whatever the peer finds for 15 windows of held-out tracks.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soxr

from versionmatch.fingerprint import chromaprint

SR, PEER_SR = 16000, 11025


class Peer:
    """What can be asked which track a few seconds are."""

    name, version = "", ""

    def __init__(self) -> None:
        self.floors: dict[int, float] = {}

    def add(self, track: str, samples: np.ndarray) -> None: ...

    def best(self, samples: np.ndarray) -> tuple[float, str]:
        """Score, high is good, and the track."""
        raise NotImplementedError

    def learn(self, length_s: int, windows: list[np.ndarray]) -> None:
        """The score that no window of a held-out track has."""
        self.floors[length_s] = max(self.best(w)[0] for w in windows)

    def finds(self, samples: np.ndarray, track: str) -> tuple[bool, bool]:
        """Whether the right track is first, and whether it also stands out."""
        score, found = self.best(samples)
        return found == track, found == track and score > self.floors[samples.size // SR]


class BruteChromaprint(Peer):
    name, version = "chromaprint, every offset", "essentia's"

    def __init__(self) -> None:
        super().__init__()
        self.tracks: dict[str, np.ndarray] = {}

    def items(self, samples: np.ndarray) -> np.ndarray:
        return chromaprint.of_samples(soxr.resample(samples, SR, PEER_SR).astype(np.float32), PEER_SR).items

    def add(self, track: str, samples: np.ndarray) -> None:
        self.tracks[track] = self.items(samples)

    def best(self, samples: np.ndarray) -> tuple[float, str]:
        query = self.items(samples)
        return max((1 - chromaprint.error_rate(query, items)[0], track) for track, items in self.tracks.items())


class Audfprint(Peer):
    name, version = "audfprint2", "0.1.2"

    def __init__(self, python: str) -> None:
        super().__init__()
        command = [python, str(Path(__file__).with_name("fingerprint_audfprint.py"))]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.folder = Path(tempfile.mkdtemp())

    def ask(self, request: dict[str, str], samples: np.ndarray) -> dict[str, object]:
        path = self.folder / "sound.npy"
        np.save(path, soxr.resample(samples, SR, PEER_SR).astype(np.float32))
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({k: v or str(path) for k, v in request.items()}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def add(self, track: str, samples: np.ndarray) -> None:
        told = self.ask({"add": track, "file": ""}, samples)
        assert "error" not in told, told

    def best(self, samples: np.ndarray) -> tuple[float, str]:
        told = self.ask({"ask": ""}, samples)
        return float(told.get("score", 0)), str(told.get("name", ""))


def present(python: str | None) -> list[Peer]:
    """The peers that can be asked here."""
    found: list[Peer] = [BruteChromaprint()] if importlib.util.find_spec("essentia") else []
    return [*found, Audfprint(python)] if python else found
