"""Fetch the freely licensed music inside Debian packages that training reads as unlabelled recordings.

    python tools/debian_tracks.py LIST.json DIR

LIST.json holds ``tracks``, each with ``package``, ``path`` and ``sha256``; needs apt-get and dpkg-deb. A track comes
to ``DIR/package/name``, with its number in the list before a name that is taken; one whose bytes are others than listed
is said and left out.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def fetched(package: str, folder: Path) -> Path:
    """The package's files, unpacked."""
    subprocess.run(["apt-get", "download", package], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (archive,) = folder.glob(f"{package}_*.deb")
    subprocess.run(["dpkg-deb", "-x", archive.name, package], cwd=folder, check=True)
    archive.unlink()
    return folder / package


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    tracks = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["tracks"]
    target = Path(sys.argv[2])
    for package in sorted({track["package"] for track in tracks}):
        with tempfile.TemporaryDirectory() as folder:
            files = fetched(package, Path(folder))
            for number, track in ((i, t) for i, t in enumerate(tracks) if t["package"] == package):
                source = files / track["path"]
                if hashlib.sha256(source.read_bytes()).hexdigest() != track["sha256"]:
                    print(f"left out, its bytes are others than listed: {package}/{track['path']}")
                    continue
                (target / package).mkdir(parents=True, exist_ok=True)
                free = not (target / package / source.name).exists()
                shutil.copy(source, target / package / (source.name if free else f"{number}-{source.name}"))


if __name__ == "__main__":
    main()
