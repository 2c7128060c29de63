"""Taking times of engines that get the same requests."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from benchmarks.waf.traffic import Request

__all__ = ["alternate", "best", "freeze", "silence"]

BLOCK = 20  # requests that one engine gets in a row: each pays for a cold cache now and then, as in a gateway


def freeze() -> None:
    """Have garbage collected as the edge does (``edge/process.py``)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


def alternate(
    runs: Sequence[Callable[[Request], Any]], requests: Sequence[Request]
) -> list[tuple[list[int], list[int]]]:
    """Run each request through all, block by block; returns wall-clock and processor nanoseconds of each."""
    taken: list[tuple[list[int], list[int]]] = [([], []) for _ in runs]
    clock, processor = time.perf_counter_ns, time.thread_time_ns
    block = min(BLOCK, max(1, len(requests) // 4))
    for begin in range(0, len(requests), block):
        for run, (wall, cpu) in zip(runs, taken, strict=True):
            for request in requests[begin : begin + block]:
                used = processor()
                began = clock()
                run(request)
                wall.append(clock() - began)
                cpu.append(processor() - used)
    return taken


def best(run: Callable[[Request], Any], request: Request, rounds: int) -> float:
    """Return the least microseconds of some runs."""
    clock = time.perf_counter_ns
    least = 1 << 62
    for _ in range(rounds):
        began = clock()
        run(request)
        least = min(least, clock() - began)
    return least / 1000


@contextmanager
def silence() -> Iterator[None]:
    """Drop what is written to standard error: the XML parser of libmodsecurity tells each malformed document there."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
