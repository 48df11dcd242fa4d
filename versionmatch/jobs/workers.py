"""Processes that work for a job: made anew when they die, bounded, and with last words."""

from __future__ import annotations

import faulthandler
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import IO, Any

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
LATE = "Timeout"  # how the note of a process begins that ended itself

_notes: list[IO[str]] = []  # of this process, where it is one of Workers


class Workers:
    """An executor that can be made anew when its processes die; one that is handed in is used as it is.

    ``memory`` bounds the data of each process, in bytes, on Linux; 0 does not. ``last_words`` is what a process that
    died had to say, if anything.
    """

    def __init__(self, n: int, executor: Executor | None = None, *, memory: int = 0) -> None:
        self.n, self._given, self._memory = n, executor, memory
        self._own: ProcessPoolExecutor | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.last_words = ""

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.restart()

    @property
    def renewable(self) -> bool:
        """Whether its processes are our own."""
        return self._given is None

    def submit(self, call: Callable[..., Any], *given: Any) -> Future[Any]:
        """The call in another process."""
        if self._given is not None:
            return self._given.submit(call, *given)
        if self._own is None:
            self._folder = tempfile.TemporaryDirectory(prefix="versionmatch-", ignore_cleanup_errors=True)
            context, prepared = get_context("spawn"), (os.getpid(), self._memory, self._folder.name)
            self._own = ProcessPoolExecutor(self.n, mp_context=context, initializer=prepare, initargs=prepared)
        before = {name: os.environ.get(name) for name in ONE_THREAD}
        os.environ.update(dict.fromkeys(ONE_THREAD, "1"))  # read by processes as they start, which is now
        try:
            return self._own.submit(call, *given)
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value

    def restart(self) -> None:
        """Let go of the processes; the next call starts others."""
        own, self._own = self._own, None
        if own is not None:
            own.shutdown(wait=True, cancel_futures=True)
        folder, self._folder = self._folder, None
        if folder is not None:
            self.last_words = _first_line(Path(folder.name))
            folder.cleanup()


def _first_line(folder: Path) -> str:
    texts = (path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.iterdir()))
    return next((text.splitlines()[0] for text in texts if text.strip()), "")


def prepare(parent: int, memory: int, folder: str) -> None:
    """Make a process one of Workers: it ends soon after its parent, is bounded, and notes what it dies of."""
    if os.name != "nt":
        threading.Thread(target=_follow, args=(parent, folder), daemon=True).start()
    _notes.append((Path(folder) / str(os.getpid())).open("w", encoding="utf-8"))
    faulthandler.enable(_notes[0])
    if memory and sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def _follow(parent: int, folder: str) -> None:
    """The parent may be killed, and then tells nobody."""
    while os.getppid() == parent:
        time.sleep(1.0)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


@contextmanager
def ended_after(seconds: float) -> Iterator[None]:
    """What takes longer in a process of Workers ends that process, whatever it is busy with; 0: nothing does."""
    if not seconds or not _notes:
        yield
        return
    faulthandler.dump_traceback_later(seconds, exit=True, file=_notes[0])
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
