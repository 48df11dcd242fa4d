"""Many more random logs than the tests take: ``python -m tests.rights.many_logs [N]``, 10,000 by default.

``python -m tests.rights.many_logs N catalogue`` asks a catalogue under each log what an ordinary command asks it.
"""

import sys
import tempfile
import time
from pathlib import Path

from hypothesis import HealthCheck, settings

from tests.jobs.sounds import Inline
from tests.rights.corpora import small
from tests.rights.test_allowed import check_a_random_log, random_log
from tests.rights.test_governed import check_an_ordinary_catalogue, random_logs, two


def main(n):
    counts = {"logs": 0, "permitted": 0}

    @settings(max_examples=n, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @random_log
    def one(said, scope, at, model_version, territory):
        counts["logs"] += 1
        counts["permitted"] += check_a_random_log(said, scope, at, model_version, territory) > 0

    started = time.monotonic()
    one()
    print(
        f"{counts['logs']} logs in {time.monotonic() - started:.0f} s; in {counts['permitted']} something was permitted"
    )
    print("no difference from the slow twin")


def ordinary(n):
    counts = {"logs": 0, "permitted": 0}
    with tempfile.TemporaryDirectory() as folder:
        corpus, paths = small(Path(folder) / "made")
        with corpus:
            corpus.ingest(paths, executor=Inline())
        (Path(folder) / "pair").mkdir()
        pair = Path(folder) / "pair", *two(corpus.root, Path(folder) / "pair")

        @settings(max_examples=n, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @random_logs
        def one(said, at):
            counts["logs"] += 1
            counts["permitted"] += check_an_ordinary_catalogue(*pair, said, at) > 0

        started = time.monotonic()
        one()
    print(f"{counts['logs']} logs in {time.monotonic() - started:.0f} s; in {counts['permitted']} something was told")
    print("nothing that the slow twin does not permit")


if __name__ == "__main__":
    (ordinary if sys.argv[2:] == ["catalogue"] else main)(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
