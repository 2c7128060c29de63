"""Decisions and their undoing, as messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bartizan.access.notices import notices
from bartizan.detection.decisions import Decision, decisions, note_decision, undo
from bartizan.storage.state.lmdb_engine import LmdbState

NOW = 1_800_000_000.0


def decision(**changes: Any) -> Decision:
    fields: dict[str, Any] = {
        "id": "d1", "at": NOW, "what": "revoke_session", "session": "session-1", "digest": b"\x01" * 32,
        "device": "device-1", "principal": "alice", "actors": ("session:session-1", "device:device-1"), "risk": 81.5,
        "because": "canary touched",
    }  # fmt: skip
    return Decision(**(fields | changes))


async def test_decisions_are_read_in_their_order_whatever_else_is_in_the_feed(tmp_path: Path) -> None:
    state = LmdbState(tmp_path, 2**24)
    first, second = decision(), decision(id="d2", what="quarantine_device")
    await note_decision(state, first)
    await state.publish(b"decisions", b"{}", 60)
    await note_decision(state, second)
    read = await decisions(state, None)
    assert [taken for _, taken in read] == [first, None, second]
    assert [taken for _, taken in await decisions(state, read[0][0], 1)] == [None]
    await state.close()


async def test_to_undo_a_revoked_session_is_to_have_control_reinstate_it(tmp_path: Path) -> None:
    state = LmdbState(tmp_path, 2**24)
    await undo(state, decision(), because="our own test", now=NOW + 60)
    (notice,) = [notice for _, notice in await notices(state, None)]
    assert notice is not None
    assert (notice.what, notice.digest, notice.reason, notice.at) == (
        "reinstate",
        b"\x01" * 32,
        "our own test",
        NOW + 60,
    )
    await state.close()


async def test_to_undo_a_quarantine_releases_the_device_before_its_session_comes_back(tmp_path: Path) -> None:
    state = LmdbState(tmp_path, 2**24)
    await undo(state, decision(what="quarantine_device"), because="our own test", now=NOW)
    assert [(notice.what, notice.device) for _, notice in await notices(state, None) if notice is not None] == [
        ("release", "device-1"),
        ("reinstate", "device-1"),
    ]
    await state.close()
