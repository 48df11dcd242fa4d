"""Make the environment in .venv: pinned dependencies, by uv where it can be had, else by pip.

Run by `make`; needs nothing but Python 3.11+. torch is taken in its CPU build. Where none is offered
for this Python it is left out (the package works without it); VERSIONMATCH_TORCH=any takes whatever
build there is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
CONSTRAINTS = ROOT / "constraints.txt"
EXTRAS = "av,essentia,train,catalogue,cluster,lancedb,notation,rights,iscc,c2pa,generative,dev"
ALONE = ("stable-audio-tools==0.0.19", "audiocraft==1.3.0", "torchsde==0.2.6", "trampoline==0.1.2")
"""What tests compare with and whose own dependencies (other versions of torch and numpy) are left out."""


def run(command: list[str], **environment: str) -> bool:
    """Run a command quietly; True if it succeeded."""
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    run.said = (done.stdout + done.stderr).strip()  # type: ignore[attr-defined]
    return done.returncode == 0


def pip_setting(name: str) -> str:
    """A setting of pip's own configuration, so that uv looks where pip would look."""
    from_environment = os.environ.get("PIP_" + name.upper().replace("-", "_"))
    if from_environment:
        return from_environment
    found = subprocess.run(
        [str(PYTHON), "-m", "pip", "config", "get", f"global.{name}"], capture_output=True, text=True, check=False
    )
    return found.stdout.strip()


def installer() -> list[str]:
    """The command that installs packages into the environment."""
    if not run([str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"]):
        return [str(PYTHON), "-m", "pip", "install", "--quiet", "--no-compile"]
    links = pip_setting("find-links")
    if links:
        os.environ.setdefault("UV_FIND_LINKS", links)
    return [str(PYTHON), "-m", "uv", "pip", "install", "--quiet", "--python", str(PYTHON)]


def install_torch(install: list[str]) -> str:
    """Install torch's CPU build if there is one; says what was done."""
    pin = next(
        line.split(";")[0].strip() for line in CONSTRAINTS.read_text().splitlines() if line.startswith("torch==")
    )
    linux = sys.platform.startswith("linux")
    wanted = f"{pin}+cpu" if linux else pin
    attempts = [[*install, wanted]]
    if "uv" in install and linux:
        attempts.append([*install, "--torch-backend", "cpu", pin])
    if os.environ.get("VERSIONMATCH_TORCH") == "any":
        attempts.append([*install, pin])
    if not any(run(attempt, UV_HTTP_TIMEOUT="30", UV_HTTP_RETRIES="0") for attempt in attempts):
        return "torch: no CPU build for this Python; left out (VERSIONMATCH_TORCH=any takes any build)"
    if not run([*install, "-c", str(CONSTRAINTS), "nnAudio"]):
        sys.exit(f"nnAudio could not be installed:\n{run.said}")  # type: ignore[attr-defined]
    cuda = subprocess.run(
        [str(PYTHON), "-c", "import torch; print(torch.__version__, torch.version.cuda)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    if linux and cuda[1] != "None" and os.environ.get("VERSIONMATCH_TORCH") != "any":
        sys.exit(f"torch {cuda[0]} is a CUDA {cuda[1]} build, not the CPU build; remove .venv and try again")
    alone = [package for package in ALONE if not run([*install, "--no-deps", package])]
    left = f"; left out, and the tests beside it skipped: {', '.join(alone)}" if alone else ""
    return f"torch {cuda[0]} (CUDA: {cuda[1]}){left}"


def main() -> None:
    """Create or refresh the environment."""
    if sys.version_info < (3, 11):  # noqa: UP036 (said in words on an older Python)
        sys.exit(f"versionmatch needs Python 3.11 or newer; this is {sys.version.split()[0]}: make PYTHON=python3.12 …")
    if not PYTHON.exists():
        shutil.rmtree(VENV, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    install = installer()
    print(f"installing pinned dependencies with {'uv' if 'uv' in install else 'pip'} into {VENV.name} …", flush=True)
    if not run([*install, "-c", str(CONSTRAINTS), "-e", f"{ROOT}[{EXTRAS}]"]):
        sys.exit(f"the dependencies could not be installed:\n{run.said}")  # type: ignore[attr-defined]
    print(install_torch(install))
    (VENV / ".ready").touch()


if __name__ == "__main__":
    main()
