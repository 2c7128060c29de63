"""Waiting to a fraction of a millisecond, which event loops do not: uvloop's timers count whole ones.

One timerfd (timerfd_create(2)) serves all who wait; it is set for whoever is due first. The way from the kernel to the
coroutine takes a while, which is measured: ``lag``.
"""

from __future__ import annotations

import asyncio
import ctypes
import heapq
import os
import time
from itertools import count

__all__ = ["Alarm"]

_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC  # TFD_NONBLOCK and TFD_CLOEXEC are the same numbers
_ABSOLUTE = 1  # TFD_TIMER_ABSTIME
_SHARE = 0.1  # of the latest lag in the mean
_BUSY = 0.001  # seconds: a lag like this is that of a loop with other work


class _Time(ctypes.Structure):
    """``struct timespec``."""

    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Setting(ctypes.Structure):
    """``struct itimerspec``."""

    _fields_ = (("interval", _Time), ("value", _Time))


class Alarm:
    """Wakes coroutines of one event loop at times of the monotonic clock; raises ``OSError`` if none can be had."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd: int = self._libc.timerfd_create(time.CLOCK_MONOTONIC, _FLAGS)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "no timer can be made")
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self.lag = 0.0
        """Seconds from when somebody is woken to when they are done, lately, where the loop was not busy."""
        loop.add_reader(self._fd, self._ring)

    async def until(self, due: float) -> None:
        """Return when ``time.monotonic()`` has reached ``due``, in seconds; at once if it has already."""
        if due <= time.monotonic():
            return
        future = self._loop.create_future()
        heapq.heappush(self._waiting, (due, next(self._numbers), future))
        if self._waiting[0][2] is future:
            self._set(due)
        await future

    async def about(self, due: float) -> bool:
        """Return so long before ``due`` that what is done then is done by then; tells whether there was time to wait.

        Who has waited says ``over`` when they are done.
        """
        woken = due - self.lag
        if woken <= time.monotonic():
            return False
        await self.until(woken)
        return True

    def over(self, due: float) -> None:
        """Learn how long it has taken."""
        spent = time.monotonic() - (due - self.lag)
        if spent < _BUSY:
            self.lag += _SHARE * (spent - self.lag)

    def close(self) -> None:
        """Give the timer back; whoever still waits is cancelled."""
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1
        for _, _, future in self._waiting:
            future.cancel()
        self._waiting.clear()

    def _ring(self) -> None:
        try:
            os.read(self._fd, 8)
        except BlockingIOError:  # it was set anew meanwhile
            return
        now = time.monotonic()
        while self._waiting and (self._waiting[0][0] <= now or self._waiting[0][2].done()):
            _, _, future = heapq.heappop(self._waiting)
            if not future.done():
                future.set_result(None)
        if self._waiting:
            self._set(self._waiting[0][0])

    def _set(self, due: float) -> None:
        seconds = int(due)
        value = _Time(seconds, max(1, int((due - seconds) * 1e9)))
        setting = _Setting(_Time(0, 0), value)
        if self._libc.timerfd_settime(self._fd, _ABSOLUTE, ctypes.byref(setting), None) != 0:
            raise OSError(ctypes.get_errno(), "the timer cannot be set")
