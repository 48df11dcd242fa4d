"""Whatever is killed, fails or lies while a catalogue is made: nothing is lost, doubled or silently wrong."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="processes are forked and killed")


def driven(*what):
    """What the driver found; it forks, so it is a process of its own with one thread."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.jobs.kill_driver", *map(str, what)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_three_hundred_kills_at_random_times_lose_and_double_nothing():
    found = driven("random", 300)
    assert found["kills"] >= 300
    assert found["finished"] >= 3
    assert found["wrong"] == []
    assert found["unbalanced"] == 0
    assert found["decoded_again"] <= 2 * found["kills"]  # at most what was under way


def test_a_kill_at_any_step_of_an_ingest_is_made_good():
    found = driven("kill")
    assert found["steps"] > 40
    assert found["stopped"] >= found["steps"] - 2
    assert found["wrong"] == []


@pytest.mark.parametrize("trouble", ["ENOSPC", "EIO", "EMFILE"])
def test_trouble_with_the_disk_at_any_step_ends_the_run_and_can_be_resumed(trouble):
    found = driven(trouble)
    assert found["stopped"] >= found["steps"] - 2
    assert found["wrong"] == []


def test_a_kill_at_any_step_of_removal_and_compaction_is_made_good():
    found = driven("removal")
    assert found["steps"] > 8
    assert found["wrong"] == []
