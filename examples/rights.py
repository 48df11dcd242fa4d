"""A permissioned corpus by the command line: holders, a hidden recording, a model, money, a withdrawal, a check.

    python examples/rights.py [--out FOLDER] [--items N]

Music, holders and titles are made up by seeded procedures. Every step is a command that anybody could type; the page
``index.html`` keeps what each of them said. Needs the extras [rights] and [torch].
"""

import argparse
import contextlib
import hashlib
import html
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import soundfile

from versionmatch.attribution.reference.demo import HOLDERS, DemoParams, corpus_tunes
from versionmatch.attribution.reference.melodies import Tune, tunes
from versionmatch.attribution.reference.notes import midi_of, notes_of
from versionmatch.attribution.reference.stored import train
from versionmatch.attribution.reference.transformer import TransformerParams, sample_tunes
from versionmatch.audio import synth
from versionmatch.cli.main import main as versionmatch

SEED, WHOLE, FROM = 440, 1_000_000, "2026-01-01T00:00:00Z"
UNLICENSED, LEAVING, HIDING = "Fir Publishing", "Birch Songs", "Elm & Sons"
OUTPUTS, PANEL, STRANGERS = 4, 24, 12


class Told:
    """Runs commands, and keeps what they were and said."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.code, self.began = folder, 0, time.monotonic()
        self.steps: list[tuple[str, str]] = []

    def step(self, words: str) -> None:
        self.steps.append(("h2", words))
        sys.stdout.write(f"\n{time.monotonic() - self.began:6.1f} s  {words}\n")

    def say(self, words: str) -> None:
        self.steps.append(("p", words))
        sys.stdout.write(f"          {words}\n")

    def run(self, *arguments: object, code: int | tuple[int, ...] = 0) -> str:
        """One command; the example ends where it ends otherwise than it should."""
        words, out, err = [str(a) for a in arguments], io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            found = versionmatch(words)
        shown = " ".join(w.replace(f"{self.folder}{os.sep}", "") for w in words)
        self.steps.append(("pre", f"$ versionmatch {shown}   # exit code {found}\n{_short(out.getvalue())}"))
        if found not in (code if isinstance(code, tuple) else (code,)):
            raise SystemExit(f"versionmatch {shown}: exit code {found}, not {code}\n{err.getvalue()}")
        self.code = found
        return out.getvalue()

    def page(self) -> Path:
        body = "".join(f"<{kind}>{html.escape(text)}</{kind}>" for kind, text in self.steps)
        style = "body{font:16px/1.5 Georgia,serif;max-width:60em;margin:2em auto;padding:0 1em}"
        style += "pre{overflow:auto;background:#f4f4f0;padding:.6em}"
        path = self.folder / "index.html"
        head = "<!doctype html><html lang=en><meta charset=utf-8><title>A permissioned corpus</title>"
        head += f"<style>{style}</style>"
        path.write_text(f"{head}<h1>A permissioned corpus, from consent to payment</h1>{body}\n", encoding="utf-8")
        return path


def _short(text: str) -> str:
    lines = text.splitlines()
    return "\n".join([*lines[:30], *([f"… {len(lines) - 30} lines more"] if len(lines) > 30 else [])])


def party(holder: str) -> str:
    """A holder's id in the log; the name itself lies beside the log and can be erased."""
    return "".join(word[0] for word in holder.lower().replace("&", "and").split()) + "-" + str(HOLDERS.index(holder))


def sound(tune: Tune) -> tuple[np.ndarray, int]:
    """A tune as it is played: in a key, tuning, tempo and timbre of its own, so that shared figures sound apart."""
    rng = np.random.default_rng([SEED, int(tune.id.rpartition("-")[2])])
    quarter, higher = rng.uniform(0.2, 0.3), rng.uniform(-5, 6)
    rows = [(pitch + higher, onset * quarter, length * quarter) for onset, length, pitch in notes_of(tune.tokens)]
    played = synth.melody(rows, timbre=("pluck", "reed", "flute", "voice")[int(rng.integers(4))])
    return np.asarray(played.samples, np.float32), played.sr


def music(folder: Path, items: int) -> tuple[list, dict[str, Path]]:
    """The tunes, and each as a recording; the last of the hiding holder is in truth one of the unlicensed holder."""
    corpus = list(corpus_tunes(DemoParams(items=items, families=6, seed=SEED)))
    folder.mkdir(parents=True, exist_ok=True)
    source = next(t for t in corpus if t.holder == UNLICENSED)
    cover = [t for t in corpus if t.holder == HIDING][-1]
    paths = {}
    rng = np.random.default_rng(SEED)
    for tune in corpus:
        samples, sr = sound(source if tune is cover else tune)
        if tune is cover:  # softer, with some noise: other bytes, other samples, the same recording
            samples = 0.7 * samples + rng.normal(0, 0.002, samples.size).astype(np.float32)
        paths[tune.id] = folder / f"{tune.id}.wav"
        soundfile.write(paths[tune.id], samples, sr)
    return corpus, paths


def facts(corpus: list, paths: dict[str, Path]) -> list[dict]:
    """Parties, works, recordings, assets; and grants of all but one holder, by catalogue, both rights."""
    rows = [{"type": "party", "id": party(h), "name": h} for h in HOLDERS]
    for tune in corpus:
        who, writer = party(tune.holder), party(HOLDERS[(HOLDERS.index(tune.holder) + tune.family % 2) % len(HOLDERS)])
        shares = {who: WHOLE} if who == writer else {who: 600_000, writer: 400_000}
        if tune.holder != UNLICENSED:
            shares = {p: n for p, n in shares.items() if p != party(UNLICENSED)}
            shares = {p: WHOLE // len(shares) for p in shares}
        digest = hashlib.sha256(paths[tune.id].read_bytes()).hexdigest()
        rows += [
            {"type": "work", "id": f"work-{tune.id}", "shares": shares},
            {"type": "recording", "id": f"recording-{tune.id}", "works": [f"work-{tune.id}"], "owners": {who: WHOLE}},
            {"type": "asset", "id": tune.id, "recording": f"recording-{tune.id}", "sha256": digest},
        ]
    for holder in HOLDERS:
        if holder == UNLICENSED:
            continue
        members = [{"kind": "recording", "id": f"recording-{t.id}"} for t in corpus if t.holder == holder]
        members += [
            {"kind": "work", "id": row["id"]}
            for row in rows
            if row["type"] == "work" and party(holder) in row["shares"]
        ]
        rows.append({"type": "catalogue", "id": f"all-of-{party(holder)}", "members": members})
        for right in ("master", "publishing"):
            rows.append(
                {
                    "type": "grant", "id": f"{right}-{party(holder)}", "grantor": party(holder), "right": right,
                    "subject": {"kind": "catalogue", "id": f"all-of-{party(holder)}"}, "models": ["v1"], "start": FROM,
                    "scopes": ["store", "index", "compare", "train", "attribute", "generate"],
                }
            )  # fmt: skip
    return rows


def lines(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def trained(told: Told, corpus: list, frozen: set[str], folder: Path) -> Path:
    """The reference model, trained on what was frozen, makes the outputs; one of other music makes the panel."""
    settings = TransformerParams(steps=max(40, 8 * len(frozen) // 3))
    model = train(tuple(t for t in corpus if t.id in frozen), settings, seed=SEED)
    other = train(tunes(len(frozen), seed=SEED + 1, families=6, prefix="other"), settings, seed=SEED)
    model.save(folder / "model")
    made = sample_tunes(model.net, OUTPUTS, seed=SEED)
    strange = sample_tunes(other.net, PANEL + STRANGERS, seed=SEED)
    for kind, some in (("outputs", made), ("panel", strange[:PANEL]), ("strangers", strange[PANEL:])):
        (folder / kind).mkdir(exist_ok=True)
        for number, tokens in enumerate(some, 1):
            (folder / kind / f"{kind}-{number:02d}.mid").write_bytes(midi_of(tokens))
    told.say(f"trained on {len(frozen)} tunes; {OUTPUTS} new ones made")
    return folder / "model"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("out/rights"))
    parser.add_argument("--items", type=int, default=36)
    options = parser.parse_args()
    folder = options.out.absolute()
    if folder.exists():
        raise SystemExit(f"{folder} is there already; remove it, or name another folder with --out")
    folder.mkdir(parents=True)
    told, rights, key = Told(folder), folder / "corpus", folder / "operator.pem"

    told.step("Rights holders, their works, recordings and grants are entered")
    corpus, paths = music(folder / "music", options.items)
    told.run("corpus", "init", rights, "--origin", "example.org/demo", "--kinds", "peaks,waveform")
    told.run("corpus", "enter", rights, lines(folder / "facts.jsonl", facts(corpus, paths)))
    told.run("audit", "checkpoint", rights, "--new-key", key)
    os.environ["VERSIONMATCH_RIGHTS_KEY"] = str(key)

    told.step("Each file goes where its rights allow")
    told.run("corpus", "ingest", rights, *sorted(paths.values()))
    shown = json.loads(told.run("corpus", "show", rights, "--model-version", "v1"))
    told.say(f"{shown['partitions']}: nothing was granted for the recordings of {UNLICENSED}")

    told.step("A copy of an unlicensed recording hides in the licensed partition: its sound gives it away")
    cover = [t for t in corpus if t.holder == HIDING][-1]
    told.run("identify", rights / "unlicensed", paths[cover.id])
    found = json.loads(told.run("audit", "segregation", rights, "--by", "recording", code=4))
    (mixed,) = found["unlicensed"]["mixed"]
    told.say(f"found: the asset {mixed['asset']}, {mixed['what']}, is the sound of an unlicensed recording")
    told.run(
        "consent", "grant", rights, "no-to-the-copy", "--deny", "--by", party(UNLICENSED), "--right", "master", "--on",
        f"asset:{mixed['asset']}", "--scopes", "store,index,compare,train,attribute,generate", "--from", FROM,
    )  # fmt: skip
    told.run("consent", "purge", rights)
    told.run("identify", rights / "licensed", paths[cover.id], code=1)
    told.run("audit", "segregation", rights, "--by", "recording")

    told.step("What may be trained with is frozen, a model is trained on it, and registered")
    root = told.run("corpus", "freeze", rights, "--model-version", "v1").strip()
    pairs = json.loads((rights / "rights" / "manifests" / f"{root}.json").read_text())["pairs"]
    model = trained(told, corpus, {asset for asset, _ in pairs}, folder)
    registered = ("--model-version", "v1", "--manifest", root, "--weights", model / "weights.safetensors")
    told.run("corpus", "register-model", rights, "reference", *registered)

    told.step("Which items of the frozen corpus mattered for what the model made")
    given = ("--model", f"reference-transformer:model={model}", "--corpus", rights, "--registered", "reference")
    given = (*given, "--panel", folder / "panel", "--out", folder / "run", "--quiet", "--top", len(pairs))
    told.run("attribute", "validate", *given, "--strangers", folder / "strangers", "--count", 6, code=(0, 1))
    told.run("attribute", *given, "--outputs", folder / "outputs", "--compare", 0)
    made = json.loads((folder / "run" / "royalty.json").read_text())
    told.run("corpus", "enter", rights, lines(folder / "run.jsonl", [{"type": "run", **made["log_entry"]}]))
    state = made["log_entry"]["self_test"]
    told.say(
        f"the self-test of these rankings: {state}" + ("" if state == "passed" else "; influence alone is not paid by")
    )

    told.step("A pool is paid by three methods")
    durations = {t.id: round(1000 * soundfile.info(paths[t.id]).duration) for t in corpus}
    items = [{"asset": a, "duration_ms": durations[a]} for a, _ in pairs]
    document = {"period": "2026-03", "model": "reference", "pools": {"master": 100_000, "publishing": 50_000},
                "items": items, "influence": made["influence"]}  # fmt: skip
    for method in ("equal", "duration", "influence+fallback"):
        name = method.replace("+", "-")
        inputs = folder / f"inputs-{name}.json"
        inputs.write_text(json.dumps({**document, "id": f"2026-03-{name}", "method": method}))
        outs = [part for form in ("json", "html", "csv") for part in ("--out", folder / f"statement-{name}.{form}")]
        told.run("royalty", "statement", rights, inputs, *outs)
        told.run("royalty", "recompute", rights, inputs, folder / f"statement-{name}.json")
    by_influence = folder / "statement-influence-fallback.json"
    told.run("royalty", "diff", folder / "statement-equal.json", by_influence, code=(0, 1))
    shown = ("--inputs", folder / "inputs-influence-fallback.json", "--out", folder / "who.html")
    told.run("royalty", "analytics", rights, by_influence, *shown)

    told.step(f"{LEAVING} withdraws its consent")
    before = json.loads(told.run("consent", "revoke", rights, party(LEAVING), "--dry-run"))
    told.run("consent", "revoke", rights, party(LEAVING), "--purge")
    one = next(t for t in corpus if t.holder == LEAVING)
    told.run("identify", rights / "licensed", paths[one.id], code=1)
    (status,) = json.loads(told.run("corpus", "models", rights))["models"]
    told.run("consent", "affected", rights, party(LEAVING))
    again = told.run("corpus", "freeze", rights, "--model-version", "v1").strip()
    told.say(f"{len(before['no longer permitted'])} assets are not permitted any more; the model is {status['status']}")
    told.say(f"the frozen corpus was {root[:12]}…, a new one is {again[:12]}…; what was made before stays payable:")
    told.run("royalty", "recompute", rights, folder / "inputs-equal.json", folder / "statement-equal.json")

    told.step("A stranger checks the log")
    told.run("audit", "verify", rights, "--against", folder / "statement-equal.html")
    told.run("audit", "verify", rights, "--against", folder / "run" / "report.html")
    told.run("audit", "bundle", rights, "--out", folder / "for-the-auditor.zip")
    stranger(told, folder)
    sys.stdout.write(f"\n{time.monotonic() - told.began:6.1f} s  All of it: {told.page()}\n")


def stranger(told: Told, folder: Path) -> None:
    """The verifier out of the bundle, in a process of its own; then on a log in which a word was changed."""
    import zipfile

    zipfile.ZipFile(folder / "for-the-auditor.zip").extractall(folder / "auditor")
    command = [sys.executable, "-I", "verify_log.py", "."]
    done = subprocess.run(command, cwd=folder / "auditor", capture_output=True, text=True, check=True)
    told.say(f"verify_log.py: {done.stdout.splitlines()[0]}")
    log = folder / "auditor" / "log.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"effect":"deny"', b'"effect":"alow"', 1))
    done = subprocess.run(command, cwd=folder / "auditor", capture_output=True, text=True, check=False)
    told.say(f"after one word was changed, exit code {done.returncode}: {done.stderr.strip()}")
    if done.returncode != 5:
        raise SystemExit("the change was not noticed")


if __name__ == "__main__":
    main()
