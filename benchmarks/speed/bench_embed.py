"""What does it cost to embed a recording of four minutes, and to compare two, beside published networks and Qmax?

One thread, process CPU time, best of several runs, all in one process. Published networks are built at their true
sizes with random weights, which cost the same as trained ones; only CLEWS makes its own transform of the sound, the
others are timed without their input's preparation. CLEWS hears 45 windows of 20 s in four minutes (every 5 s); one is
timed, several times, and the rest reckoned.

    python -m benchmarks.speed.run embed                              the shipped model, or one of its size at random
    python -m benchmarks.speed.bench_embed [--model ID_OR_DIR] [--short]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402
import torch  # noqa: E402

from benchmarks.speed.bench_local import chroma, timed  # noqa: E402
from benchmarks.speed.machine import described  # noqa: E402
from versionmatch.align import local  # noqa: E402
from versionmatch.audio import synth  # noqa: E402
from versionmatch.embed.architectures import find_architecture  # noqa: E402
from versionmatch.embed.directory import write_model  # noqa: E402
from versionmatch.embed.extractor import segments_of  # noqa: E402
from versionmatch.embed.keys import products, spectra  # noqa: E402
from versionmatch.embed.levels import levels_of  # noqa: E402
from versionmatch.embed.loaded import ARCHITECTURE, DEFAULT_MODEL, VersionModel  # noqa: E402
from versionmatch.embed.net import build  # noqa: E402
from versionmatch.embed.published.cqt import constant_q_filters  # noqa: E402
from versionmatch.embed.reduce import best_match_mean, symmetric  # noqa: E402
from versionmatch.errors import InputError  # noqa: E402
from versionmatch.features.cqt import SR, LibrosaCQT  # noqa: E402
from versionmatch.features.cqt_nnaudio import NNAudioCQT  # noqa: E402
from versionmatch.types import Audio, Segments  # noqa: E402

RESULT = Path(__file__).resolve().parents[1] / "results" / "speed-embed.json"
DURATION_S = 240.0
SHIPPED = {"members": 3, "width": 48, "dim": 64, "learned": 7}
WINDOW_S, WINDOW_HOP_S, REPEATS, PEER_REPEATS = 20, 5, 5, 3
CLEWS, NNAUDIO, QMAX_MOMENTS = "CLEWS", "nnAudio, the transform alone", 480
N_WHOLE = 10_000
FLOORS = {
    "CLEWS over ours, from sound to vectors": 10.0,
    "CLEWS over ours, network alone": 20.0,
    "pairs of segments a second, times Qmax's": 1.0,
    "pairs of whole vectors a second, times Qmax's": 100.0,
}


def model_of(name: str | None, folder: Path) -> tuple[VersionModel, str]:
    """The named model, else the shipped one, else one of its size with random weights; and which it is."""
    try:
        found = VersionModel(name or DEFAULT_MODEL)
    except InputError:
        if name is not None:
            raise
        torch.manual_seed(440)
        net = build(SHIPPED)
        facts = {
            "id": "random", "architecture": ARCHITECTURE, "sample_rate": SR, "dim": net.dim, "segment_s": 20.8,
            "hop_s": 4.8, "licence": "Apache-2.0", "network": SHIPPED,
        }  # fmt: skip
        write_model(folder, facts, {key: tensor.numpy() for key, tensor in net.state_dict().items()})
        return VersionModel(str(folder / "random")), "random weights, of the shipped size"
    return found, f"{found.facts.id}, {found.facts.weights_sha256[:12]}"


def sound(duration_s: float, seed: int) -> Audio:
    """Chords under a melody, at 16 kHz."""
    rng = np.random.default_rng(seed)
    notes = [(int(rng.integers(55, 80)), at, 0.5) for at in np.arange(0, duration_s, 0.5)]
    names = rng.choice(["C:maj", "F:maj", "G:7", "A:min", "D:min"], int(duration_s / 2)).tolist()
    return synth.mix(synth.melody(notes), synth.chords(names), synth.noise(duration_s, level=0.01))


def ours(model: VersionModel, audio: Audio, repeats: int) -> tuple[Segments, dict[str, float]]:
    """The segments of a recording, and what each step of making them costs, seconds."""
    model.net  # noqa: B018 (loaded before the clock starts)
    transform = LibrosaCQT()
    transform.extract({"audio": Audio(audio.samples[: 5 * SR], SR)})
    cqt, cqt_s = timed(lambda: transform.extract({"audio": audio}), repeats)
    plain_s = timed(lambda: LibrosaCQT(tuning=False).extract({"audio": audio}), repeats)[1]
    levels, levels_s = timed(lambda: levels_of(cqt), repeats)
    segments, segments_s = timed(lambda: segments_of(model, levels), repeats)
    again = segments_of(model, levels)
    if not np.array_equal(again.vectors, segments.vectors):
        raise RuntimeError("the same levels gave other vectors the second time")
    steps = {"transform_s": cqt_s, "transform_without_tuning_s": plain_s, "levels_s": levels_s}
    return segments, steps | {"network_s": segments_s, "in_all_s": cqt_s + levels_s + segments_s}


@torch.inference_mode()
def published(audio: Audio, repeats: int) -> dict[str, dict[str, Any]]:
    """Published networks at their true sizes, seconds for the recording."""
    seconds = audio.samples.size / SR
    inputs = {
        "Discogs-VINet": ("discogs-vinet-1", (1, 84, 400)),
        "CoverHunter": ("coverhunter-1", (int(np.ceil(seconds / 135)), 96, 1125)),
        "MOVE": ("move-1", (1, 23, int(seconds * 44100 / 512 / 8))),
    }
    found: dict[str, dict[str, Any]] = {}
    for name, (architecture, shape) in inputs.items():
        net, values = _random(architecture), torch.rand(shape, generator=torch.Generator().manual_seed(1))
        net(values)
        found[name] = {"s": timed(lambda net=net, values=values: net(values), repeats)[1], "input": list(shape)}
        found[name]["note"] = "its input's preparation is not counted"
    found[CLEWS] = clews(audio, repeats)
    transform = NNAudioCQT(device="cpu")
    transform.extract({"audio": Audio(audio.samples[: 30 * SR], SR)})
    found[NNAUDIO] = {"s": timed(lambda: transform.extract({"audio": audio}), repeats)[1]}
    return found


def clews(audio: Audio, repeats: int) -> dict[str, Any]:
    """CLEWS with its own transform: one window, times as many as the recording has, every 5 s."""
    net = _random("clews-1")
    filters = constant_q_filters(net.settings.bins, net.settings.kernel)
    net.cqt[0].load_state_dict({key: torch.from_numpy(values) for key, values in filters.items()})
    window = torch.from_numpy(np.array(audio.samples[: WINDOW_S * SR]))[None]
    one_s = timed(lambda: net(window), repeats)[1]
    n_parameters = sum(p.numel() for p in net.parameters())
    n_windows = 1 + math.ceil((audio.samples.size / SR - WINDOW_S) / WINDOW_HOP_S)
    note = f"one window timed {repeats} times, reckoned for {n_windows}; its transform is counted"
    return {"s": n_windows * one_s, "one_window_s": one_s, "parameters": n_parameters, "note": note}


def _random(architecture: str) -> Any:
    torch.manual_seed(440)
    return find_architecture(architecture).build({}).eval().requires_grad_(False)


def pairs(segments: Segments, repeats: int, n_whole: int) -> dict[str, float]:
    """What comparing two recordings costs, seconds: their vectors, kept in the Fourier domain, and Qmax."""
    rng = np.random.default_rng(440)
    other = np.roll(segments.vectors, 3, axis=2)
    a, b = spectra(segments.vectors), spectra(other)
    reduce = symmetric(best_match_mean)
    if int(reduce(products(b, a)).argmax()) != 3:
        raise RuntimeError("a recording three semitones up is not found in its key")
    catalogue = spectra(rng.standard_normal((n_whole, segments.dim, 12), dtype=np.float32))
    whole = spectra(segments.whole[None])
    query, reference = chroma(QMAX_MOMENTS, 1), chroma(QMAX_MOMENTS, 2)
    local.qmax_score(query, reference)
    forms: dict[str, tuple[Callable[[], Any], int]] = {
        "whole_s": (lambda: products(whole, catalogue).max(axis=2), n_whole),
        "segments_s": (lambda: reduce(products(a, b)), 1),
        "qmax_s": (lambda: local.qmax_score(query, reference), 1),
    }
    return {name: timed(call, repeats)[1] / count for name, (call, count) in forms.items()}


def run(model: str | None = None, *, short: bool = False) -> dict[str, Any]:
    """All figures; ``short`` only shows that it runs."""
    torch.set_num_threads(1)
    duration_s, repeats, peer_repeats = (30.0, 1, 1) if short else (DURATION_S, REPEATS, PEER_REPEATS)
    audio = sound(duration_s, 440)
    with tempfile.TemporaryDirectory() as folder:
        found, which = model_of(model, Path(folder))
        segments, steps = ours(found, audio, repeats)
    compared = pairs(segments, 2 if short else 20, 100 if short else N_WHOLE)
    peers = published(audio, peer_repeats)
    return {
        "question": f"embedding {duration_s:g} s of sound and comparing two recordings, one thread, CPU seconds",
        "machine": described() | {"torch": torch.__version__, "nnAudio": version("nnAudio")},
        "model": which,
        "n_segments": len(segments),
        "floors": floors(steps, compared, peers),
        "ours": steps,
        "peers": peers,
        "network_of_peers_over_ours": {n: p["s"] / steps["network_s"] for n, p in peers.items() if n != NNAUDIO},
        "transform_of_nnaudio_over_ours": peers[NNAUDIO]["s"] / steps["transform_s"],
        "pairs": compared | {"qmax_moments": QMAX_MOMENTS, "whole_vectors": N_WHOLE, "numbers": 12 * segments.dim},
    }


def floors(steps: dict[str, float], compared: dict[str, float], peers: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What must hold, and whether it does."""
    found = (
        peers[CLEWS]["s"] / steps["in_all_s"],
        peers[CLEWS]["s"] / (steps["levels_s"] + steps["network_s"]),
        compared["qmax_s"] / compared["segments_s"],
        compared["qmax_s"] / compared["whole_s"],
    )
    return {
        name: {"found": value, "at_least": least, "holds": bool(value >= least)}
        for (name, least), value in zip(FLOORS.items(), found, strict=True)
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model")
    parser.add_argument("--short", action="store_true")
    args = parser.parse_args()
    report = run(args.model, short=args.short)
    if not args.short:
        RESULT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))
