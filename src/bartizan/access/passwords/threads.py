"""Threads for password hashing: a few, so that memory and cores are left for the rest, and not too many who wait."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import ParamSpec, TypeVar

from bartizan.errors import TooManyAttempts

__all__ = ["HashingLanes", "HashingThreads"]

P = ParamSpec("P")
T = TypeVar("T")
MOST = 4  # threads of each lane: 2 GiB at the most for both, with 256 MiB for each
WAITING = 32  # for each thread: about 5 s of work


class HashingThreads(Executor):
    """An executor that refuses what would have to wait too long. By default it takes a quarter of the cores."""

    def __init__(self, threads: int | None = None, waiting: int = WAITING) -> None:
        count = threads or max(1, min(MOST, len(os.sched_getaffinity(0)) // 4))
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="hashing")
        self._places = BoundedSemaphore(count * (1 + waiting))

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Do something in one of the threads. Raises ``TooManyAttempts`` when too much waits already."""
        if not self._places.acquire(blocking=False):
            raise TooManyAttempts(1.0)
        try:
            future = self._threads.submit(fn, *args, **kwargs)
        except BaseException:
            self._places.release()
            raise
        future.add_done_callback(lambda _: self._places.release())
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - Executor's
        """Take no more; see ``Executor.shutdown``."""
        self._threads.shutdown(wait, cancel_futures=cancel_futures)


@dataclass(frozen=True, slots=True)
class HashingLanes:
    """Threads for people who have shown something of theirs already, and others for guesses.

    Guesses from many addresses may fill their own lane; nobody on a device that they trust waits behind them.
    """

    known: HashingThreads = field(default_factory=HashingThreads)
    guesses: HashingThreads = field(default_factory=HashingThreads)

    def shutdown(self) -> None:
        """Take no more, and do nothing of what still waits."""
        for lane in (self.known, self.guesses):
            lane.shutdown(wait=False, cancel_futures=True)
