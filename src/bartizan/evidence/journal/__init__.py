"""The journal: one record per exchange and per signal, in append-only segment files of each worker."""

from bartizan.evidence.journal.follow import Follower
from bartizan.evidence.journal.reader import Entry, JournalReader, Position, SegmentReader
from bartizan.evidence.journal.records import DetectionFinding, HttpActivity, Record
from bartizan.evidence.journal.shape import exchange_record, signal_record, signal_records
from bartizan.evidence.journal.writer import JournalWriter, WriterStats

__all__ = [
    "DetectionFinding",
    "Entry",
    "Follower",
    "HttpActivity",
    "JournalReader",
    "JournalWriter",
    "Position",
    "Record",
    "SegmentReader",
    "WriterStats",
    "exchange_record",
    "signal_record",
    "signal_records",
]
