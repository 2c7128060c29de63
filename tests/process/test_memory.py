from __future__ import annotations

import resource

from bartizan.process.memory import resident_bytes


def test_a_process_takes_no_more_than_it_ever_took_and_not_nothing() -> None:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    assert 2**20 < resident_bytes() <= most * 1.05
