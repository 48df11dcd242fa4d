"""Pin anew everything that `make` installs, for all supported Pythons at once, into constraints.txt."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAD = """\
# Exact versions of everything `make` installs; CUDA parts are left out on purpose: the CPU build of torch is used.
# Made anew by `make constraints`.
"""
HELD = ("torch==2.13.0", "essentia==2.1b6.dev1389")
"""Held back: torch where the CPU build is offered, essentia where there are wheels for every Python."""


def main() -> None:
    """Resolve with uv and write the file."""
    command = [
        sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11",
        "--all-extras", "--no-annotate", "--no-header", "--constraints", "-", str(ROOT / "pyproject.toml"),
    ]  # fmt: skip
    done = subprocess.run(command, input="\n".join(HELD), capture_output=True, text=True, check=True)
    lines = [line for line in done.stdout.splitlines() if not re.match(r"(nvidia|cuda|triton|torch=)", line)]
    pinned = sorted([*lines, HELD[0]], key=str.lower)
    (ROOT / "constraints.txt").write_text(HEAD + "\n".join(pinned) + "\n")


if __name__ == "__main__":
    main()
