"""Runs ingests and kills them: at random times, and at every single thing done to the disk.

A process of its own, so that everything is imported once: each attempt is a fork of it. The code under test is the
real one, from ``index`` down to the decoder's process; only that decoder is forked too instead of started anew.
"""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.jobs.sounds import Inline, folder_of
from versionmatch.audio import decoder_child, isolated
from versionmatch.features.waveform import Envelope  # noqa: F401 - imported once, before the forks
from versionmatch.jobs.index import index
from versionmatch.params import IndexParams
from versionmatch.store import changes
from versionmatch.store.catalogue import CatalogueStore
from versionmatch.store.disk import Disk
from versionmatch.store.facts import facts_digest
from versionmatch.store.rows import RUNS
from versionmatch.store.runs import coverage
from versionmatch.store.settings import CatalogueSettings
from versionmatch.store.verify import verify

KINDS = CatalogueSettings(kinds=("waveform",))


class ForkedChild:
    """The decoder's process, forked."""

    def __init__(self, isolation):
        ask, asked = os.pipe()
        answered, answer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.dup2(ask, 0)
            os.dup2(answer, 1)
            os.closerange(3, 256)  # as a started process has it: the lock, above all, is not its own
            decoder_child.limit_process(isolation.max_memory)
            decoder_child.serve(os.fdopen(0, "rb"), os.fdopen(1, "wb"))
            os._exit(0)
        os.close(ask)
        os.close(answer)
        self.stdin, self.stdout = os.fdopen(asked, "wb"), os.fdopen(answered, "rb")
        self._status = None

    def kill(self):
        if self._status is None:
            os.kill(self.pid, signal.SIGKILL)

    def wait(self):
        if self._status is None:
            self._status = os.waitpid(self.pid, 0)[1]
        return -self._status


class FaultyDisk(Disk):
    """Kills the process, or fails, at one of its steps."""

    def __init__(self, at, number=None):
        self.at, self.number, self.count = at, number, 0

    def step(self, what, path):
        self.count += 1
        if self.count == self.at:
            if self.number is None:
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(self.number, os.strerror(self.number), str(path))


LOG = {}


def counted(log):
    """Write a byte for every decoding that is begun; a decoder that outlives a kill keeps the log it began with."""
    decoded = decoder_child.decoded
    LOG["now"] = log

    def noted(request):
        handle = os.open(LOG["now"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(handle, b".")
        os.close(handle)
        return decoded(request)

    decoder_child.decoded = noted


def in_a_fork(call):
    """The process that does it, and how to learn what became of it."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            call()
            code = 0
        except OSError:
            code = 3
        except BaseException:  # noqa: BLE001 - said, and told by the code
            traceback.print_exc()
        finally:
            os._exit(code)
    return pid


def ended(pid):
    return os.waitpid(pid, 0)[1]


def ingest(root, sounds, disk=None):
    disk = disk or Disk()
    store = (
        CatalogueStore(root, disk=disk)
        if CatalogueStore.exists(root)
        else CatalogueStore.create(root, KINDS, disk=disk)
    )
    index(store, [sounds], IndexParams(jobs=1), executor=Inline())
    store.close()


def digest(root):
    store = CatalogueStore(root)
    with store.reading() as connection:
        found = facts_digest(connection)
    store.close()
    return found


def unbalanced(root):
    """Runs whose coverage does not add up."""
    if not CatalogueStore.exists(root):
        return 0
    store = CatalogueStore(root)
    with store.reading() as connection:
        runs = [coverage(connection, run.id) for run in RUNS.rows(connection)]
    store.close()
    return sum(r.done + r.quarantined + r.skipped + r.pending != r.seen for r in runs)


def files_of(root):
    return sorted(p.relative_to(root).as_posix() for p in (root / "features").rglob("*") if p.is_file())


def checked(root, wanted):
    """What is wrong with a catalogue that was finished after kills; the files of its features once swept."""
    wrong = []
    if digest(root) != wanted["digest"]:
        wrong.append("facts differ")
    store = CatalogueStore(root)
    with store.writing("compact") as writer:
        changes.compact(writer)
    store.close()
    if files_of(root) != wanted["files"]:
        wrong.append("files differ")
    wrong += [f"{f.what}: {f.detail}" for f in verify(root)]
    return wrong


def reference(base, sounds):
    root = base / "reference.catalogue"
    ingest(root, sounds)
    return {"digest": digest(root), "files": files_of(root)}


def random_kills(base, wanted_kills, seed=440):
    """Kills at random times until there are enough; catalogues are finished, checked, and begun anew."""
    sounds, rng = folder_of(base / "sounds", 20), random.Random(seed)
    wanted, log = reference(base, sounds), base / "decodings"
    counted(log)
    clock = time.perf_counter()
    ended(in_a_fork(lambda: ingest(base / "clock.catalogue", sounds)))
    whole_s, once = time.perf_counter() - clock, log.stat().st_size
    result = {"kills": 0, "finished": 0, "wrong": [], "unbalanced": 0, "whole_s": whole_s, "decoded_again": 0}
    root, kills_here = base / "0.catalogue", 0
    log.unlink()
    while result["kills"] < wanted_kills or kills_here:
        enough = result["kills"] >= wanted_kills
        pid = in_a_fork(lambda: ingest(root, sounds))  # noqa: B023 - used at once
        if not enough:
            time.sleep(rng.uniform(0, 0.7 * whole_s))
            os.kill(pid, signal.SIGKILL)
        status = ended(pid)
        if os.WIFSIGNALED(status):
            result["kills"] += 1
            kills_here += 1
            result["unbalanced"] += unbalanced(root)
            continue
        if status:
            result["wrong"].append(f"ended with {status}")
        again = log.stat().st_size - once if log.exists() else 0
        if again > 2 * kills_here:  # what was under way: one file for the worker, and one more
            result["wrong"].append(f"{again} decoded again after {kills_here} kills")
        result["decoded_again"] += max(0, again)
        result["wrong"] += checked(root, wanted)
        result["finished"] += 1
        shutil.rmtree(root)
        log = LOG["now"] = base / f"{result['finished']}.decodings"
        root, kills_here = base / f"{result['finished']}.catalogue", 0
    return result


def every_step(base, number=None):
    """Kill, or fail, at each step of making a catalogue and taking two sounds in; then finish it."""
    sounds = folder_of(base / "sounds", 1, bad=False)
    wanted = reference(base, sounds)
    counting = FaultyDisk(0)
    ingest(base / "count.catalogue", sounds, counting)
    result = {"steps": counting.count, "wrong": [], "stopped": 0}
    for at in range(1, counting.count + 1):
        root = base / f"{at}.catalogue"
        status = ended(in_a_fork(lambda: ingest(root, sounds, FaultyDisk(at, number))))  # noqa: B023 - used at once
        result["stopped"] += status != 0
        if status and not os.WIFSIGNALED(status) and os.WEXITSTATUS(status) != 3:
            result["wrong"].append(f"step {at}: ended with {status}")
        if number is not None and unbalanced(root):
            result["wrong"].append(f"step {at}: coverage does not add up")
        ended(in_a_fork(lambda: ingest(root, sounds)))  # noqa: B023
        result["wrong"] += [f"step {at}: {wrong}" for wrong in checked(root, wanted)]
        shutil.rmtree(root)
    return result


def every_step_of_removal(base):
    """Kill at each step of removing and compacting; then do it again."""
    sounds = folder_of(base / "sounds", 2, bad=False)
    source = base / "whole.catalogue"
    ingest(source, sounds)
    store = CatalogueStore(source)
    gone, stays = (r.id for r in store.recordings())
    store.close()

    def take_out(root, disk):
        store = CatalogueStore(root, disk=disk)
        with store.writing("remove") as writer:
            if gone in {r.id for r in store.recordings()}:
                changes.remove(writer, {gone: "asked for"})
            changes.compact(writer)
        store.close()

    counting = FaultyDisk(0)
    shutil.copytree(source, base / "count.catalogue")
    take_out(base / "count.catalogue", counting)
    wanted = {"digest": digest(base / "count.catalogue"), "files": files_of(base / "count.catalogue")}
    result = {"steps": counting.count, "wrong": [] if len(wanted["files"]) == 1 else ["nothing was deleted"]}
    for at in range(1, counting.count + 1):
        root = base / f"{at}.catalogue"
        shutil.copytree(source, root)
        ended(in_a_fork(lambda: take_out(root, FaultyDisk(at))))  # noqa: B023
        take_out(root, Disk())
        store = CatalogueStore(root)
        if [r.id for r in store.recordings()] != [stays]:
            result["wrong"].append(f"step {at}: the wrong recordings are there")
        store.close()
        result["wrong"] += [f"step {at}: {wrong}" for wrong in checked(root, wanted)]
        shutil.rmtree(root)
    return result


def main():
    isolated._start = ForkedChild
    what, *given = sys.argv[1:]
    fast = "/dev/shm" if os.path.isdir("/dev/shm") else None  # syncing costs little there
    with tempfile.TemporaryDirectory(dir=fast) as folder:
        base = Path(folder)
        if what == "random":
            result = random_kills(base, int(given[0]))
        elif what == "removal":
            result = every_step_of_removal(base)
        else:
            result = every_step(base, None if what == "kill" else getattr(errno, what))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
