"""Many more random logs than the tests take: ``python -m tests.rights.many_logs [N]``, 10,000 by default."""

import sys
import time

from hypothesis import HealthCheck, settings

from tests.rights.test_allowed import check_a_random_log, random_log


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


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
