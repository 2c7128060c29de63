"""The journal: one record per exchange and per signal, in append-only segment files of each worker."""

from bartizan.evidence.journal.framing import FrameDecoder, SegmentHeader, encode_frame
from bartizan.evidence.journal.reader import Entry, JournalReader, Position
from bartizan.evidence.journal.records import DetectionFinding, HttpActivity, Record
from bartizan.evidence.journal.shape import exchange_record, signal_records
from bartizan.evidence.journal.writer import JournalWriter, WriterStats

__all__ = [
    "DetectionFinding",
    "Entry",
    "FrameDecoder",
    "HttpActivity",
    "JournalReader",
    "JournalWriter",
    "Position",
    "Record",
    "SegmentHeader",
    "WriterStats",
    "encode_frame",
    "exchange_record",
    "signal_records",
]
