"""``versionmatch-sv-align REF OTHER``: the external aligner of Sonic Visualiser and Sonic Lineup.

Those programs call it with two sound files and read corresponding seconds from its standard output,
``ref_seconds,other_seconds`` a line and no header; everything else goes to standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

USAGE = """usage: versionmatch-sv-align REF OTHER

Prints the times at which the two recordings correspond, "ref_seconds,other_seconds" a line.
In Sonic Visualiser: Preferences > Analysis > alignment: an external program, and the full path of this one.
"""

OK, USAGE_ERROR, FILE_ERROR, INTERRUPTED = 0, 2, 3, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the alignment; exit status 0, 2 (usage), 3 (a file cannot be used) or 130 (interrupted)."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words in (["-h"], ["--help"]):
        sys.stdout.write(USAGE)
        return OK
    if len(words) != 2:
        sys.stderr.write(f"versionmatch-sv-align takes two sound files; got {len(words)}\n{USAGE}")
        return USAGE_ERROR
    try:
        return _align(*words)
    except KeyboardInterrupt:
        return INTERRUPTED


def _align(reference_path: str, other_path: str) -> int:
    from ..errors import VersionMatchError
    from ..jobs.align import align

    try:
        times = align(reference_path, other_path)
    except (VersionMatchError, OSError) as error:
        sys.stderr.write(f"versionmatch-sv-align: {error}\n")
        return FILE_ERROR
    if len(times) == 0:
        sys.stderr.write(f"versionmatch-sv-align: {reference_path} and {other_path} have no passage in common\n")
        return FILE_ERROR
    sys.stdout.write("".join(f"{reference:.6f},{other:.6f}\n" for reference, other in times.tolist()))
    return OK


if __name__ == "__main__":
    sys.exit(main())
