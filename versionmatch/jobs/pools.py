"""Processes that each keep to one thread, for work that is shared out item by item."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@contextmanager
def processes(
    workers: int,
    n_tasks: int,
    *,
    initializer: Callable[..., object] | None = None,
    initargs: tuple[Any, ...] = (),
) -> Iterator[Executor | None]:
    """A pool of ``workers`` processes (0: as many as there are cores), no more than tasks; None where one does it."""
    n = min(workers or os.cpu_count() or 1, n_tasks)
    if n <= 1:
        yield None
        return
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))  # read by the processes as they start: one thread in each
    try:
        context = get_context("spawn")
        with ProcessPoolExecutor(n, mp_context=context, initializer=initializer, initargs=initargs) as pool:
            yield pool
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
