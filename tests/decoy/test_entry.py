import msgspec
import pytest

from bartizan.decoy.entry import Brief, Entry, decode_brief, decode_entry, encode_entry
from bartizan.evidence.journal.framing import MAX_RECORD


def entry(**changes: object) -> Entry:
    plain = Entry(exchange="1", actor="address:192.0.2.7", time=1.0, method="GET", url="https://shop.test/")
    return msgspec.structs.replace(plain, **changes)


def test_an_entry_is_read_back_whole() -> None:
    full = entry(fields=[("user-agent", "curl/8"), ("x", "\xff")], body=b"\x00\xff", body_size=2, payloads=["sqli"])
    assert decode_entry(encode_entry(full)) == full
    assert decode_brief(encode_entry(full)) == Brief(full.actor, full.time)


@pytest.mark.parametrize("limit", [4096, 32_000, MAX_RECORD])
@pytest.mark.parametrize(
    "large",
    [
        {"body": b"x" * 3_000_000, "body_size": 3_000_000},
        {"response_body": b"x" * 3_000_000, "body": b"y" * 3_000_000},
        {"url": "\xff" * 3_000_000, "method": "M" * 3_000_000},
        {"fields": [("\xff" * 100, "v")] * 100_000, "response_fields": [("a", "")] * 100_000},
        {"fields": [("a", "\xff" * 3_000_000)], "actor": "principal:" + "\xff" * 3_000_000},
    ],
    ids=["body", "bodies", "url", "fields", "field"],
)
def test_what_is_too_large_is_cut_down(large: dict[str, object], limit: int) -> None:
    data = encode_entry(entry(**large), limit)
    assert len(data) <= limit
    kept = decode_entry(data)
    assert kept.exchange == "1"
    assert kept.body_size == large.get("body_size", 0)
    assert kept.cut == (len(kept.body) < len(large.get("body", b"")))  # type: ignore[arg-type]
    assert kept.response_cut == (len(kept.response_body) < len(large.get("response_body", b"")))  # type: ignore[arg-type]


def test_what_is_no_entry_is_refused() -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode_entry(b"\x01")
