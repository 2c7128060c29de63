"""A process that journals until it is killed, and tells on standard output when it appended what.

Arguments: directory, flush interval in seconds, records at once, seconds between.
"""

from __future__ import annotations

import asyncio
import os
import struct
import sys
import time
from pathlib import Path

from tests.evidence.journal.samples import a_record, a_writer, running

TOLD = struct.Struct("!Id")
"""The number of a record, and the monotonic time in seconds after it was appended."""


async def main(directory: Path, flush_interval: float, batch: int, pause: float) -> None:
    """Journal for ever."""
    writer = a_writer(directory, flush_interval=flush_interval, segment_bytes=1024 * 1024)
    number = 0
    async with running(writer):
        while True:
            for _ in range(batch):
                writer.append(a_record(number))
                os.write(1, TOLD.pack(number, time.monotonic()))
                number += 1
            await asyncio.sleep(pause)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
