"""Whatever is killed, fails or lies while a catalogue is made: nothing is lost, doubled or silently wrong."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.jobs.sounds import Inline, folder_of
from versionmatch.jobs.catalogue import Catalogue
from versionmatch.jobs.index_work import take_in

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


class Stopping(Inline):
    """An executor that is stopped, as by a person, when it is asked to decode once more."""

    def __init__(self, decodings):
        self.left = decodings

    def submit(self, call, /, *given, **named):
        if call is take_in:
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
        return super().submit(call, *given, **named)


def test_what_was_decoded_in_vain_is_not_decoded_again_after_a_stop(tmp_path):
    for number in range(12):
        (tmp_path / f"{number:02d}.wav").write_bytes(b"no sound, however long one looks " * (100 + number))
    with Catalogue.create(tmp_path / "a", kinds=("waveform",)) as catalogue:
        with pytest.raises(KeyboardInterrupt):
            catalogue.add(tmp_path, jobs=1, executor=Stopping(9))
        left = Stopping(1000)
        found = catalogue.add(jobs=1, executor=left)
    assert (found.quarantined, found.pending) == (12, 0)
    assert 1000 - left.left <= 12 - 9 + 2  # one worker looks at one file, and may have looked at the next


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


def children_of(pid):
    """Processes that a process started, and those that they started."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *children_of(int(child))]
    return found


def there(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks at processes in /proc")
def test_a_killed_command_leaves_no_process_behind_and_is_resumed_to_the_same_facts(tmp_path):
    sounds = folder_of(tmp_path / "sounds", 40)
    command = [sys.executable, "-m", "versionmatch.cli.main", "index", "build", str(tmp_path / "a"), str(sounds)]
    command += ["--kinds", "waveform", "--jobs", "2"]
    (tmp_path / "temporary").mkdir()
    environment = os.environ | {"TMPDIR": str(tmp_path / "temporary")}
    pipes = {"stderr": subprocess.PIPE, "stdout": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(command, env=environment, **pipes) as running:
        for line in running.stderr:
            if json.loads(line)["done"]:
                break
        workers = children_of(running.pid)
        running.kill()
    assert len(workers) >= 4  # two workers, a decoder each
    end = time.monotonic() + 30
    while any(map(there, workers)) and time.monotonic() < end:
        time.sleep(0.2)
    assert not any(map(there, workers))
    assert not list((tmp_path / "temporary").glob("versionmatch-*"))
    with Catalogue.open(tmp_path / "a") as resumed, Catalogue.create(tmp_path / "b", kinds=("waveform",)) as whole:
        assert resumed.add(executor=Inline(), jobs=1).pending == 0
        whole.add(sounds, executor=Inline(), jobs=1)
        assert resumed.facts_sha256() == whole.facts_sha256()
        assert not resumed.verify()
