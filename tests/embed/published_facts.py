"""Makes ``published_facts.json`` from a file of manifests: variant → entry → shape, written off the published networks.

python -m tests.embed.published_facts MANIFESTS.json
"""

import hashlib
import json
import math
import sys
from pathlib import Path

HERE = Path(__file__).parent
VARIANTS = {
    "sony/clews:dvi-clews": "CLEWS, z = 1024",
    "sony/clews:shs-clews": "CLEWS, z = 2048",
    "unified-track-and-version-id (network + feature_processor; CQT buffers not listed)": "unified model",
    "Discogs-VINet:ISMIR2024": "Discogs-VINet, ISMIR",
    "Discogs-VINet:MIREX-full_set": "Discogs-VINet, MIREX",
    "sony/clews:dvi-dvinetp": "DVINet+",
    "CoverHunter:covers80-config": "CoverHunter",
    "sony/clews:dvi-coverhunterc": "CoverHunterC",
    "move_model:emb256": "Re-MOVE, 256",
    "move_model:emb4000": "MOVE, 4000",
    "move_model:emb16000": "MOVE, 16000",
}


def digest(shapes: dict[str, tuple[int, ...]]) -> str:
    """One number for all names and shapes, whatever their order."""
    lines = sorted(f"{name} {' '.join(map(str, shape))}".strip() for name, shape in shapes.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def facts(shapes: dict[str, tuple[int, ...]]) -> dict[str, object]:
    return {
        "n_entries": len(shapes),
        "n_numbers": sum(math.prod(shape) for shape in shapes.values()),
        "sha256": digest(shapes),
    }


if __name__ == "__main__":
    given = json.loads(Path(sys.argv[1]).read_text())
    made = {title: facts(given[name]) for name, title in VARIANTS.items()}
    (HERE / "published_facts.json").write_text(json.dumps(made, indent=1) + "\n")
