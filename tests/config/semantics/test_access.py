"""Settings of people and of who may pass; what is wrong with them is in the golden files too."""

from __future__ import annotations

from typing import Any

import pytest

from bartizan.config.model import Access, Config
from bartizan.config.semantics.access import access_findings
from bartizan.config.validation import parts_of


def findings(access: dict[str, Any], **others: Any) -> list[tuple[str, str]]:
    config = Config.model_validate({"listeners": [{"address": "127.0.0.1:1"}], "access": access, **others})
    return [(".".join(map(str, each.path)), each.message) for each in access_findings(parts_of(config), lambda _: 1)]


def test_nothing_is_wrong_where_nothing_is_set() -> None:
    assert findings({}) == []
    assert findings({"enabled": True, "origin": "https://localhost:8443"}) == []


@pytest.mark.parametrize(
    ("origin", "message"),
    [
        ("https://Api.example.org", "has capitals"),
        ("https://api.example.org:0", "has a port that is none"),
        ("https://api.example.org:65536", "has a port that is none"),
        ("https://api.example.org:443", "has the port that https has anyway"),
        ("https://127.0.0.1:8443", "has an address"),
        ("https://-api.example.org", "is not a host name"),
        ("https://api..example.org", "is not a host name"),
    ],
)
def test_an_origin_is_what_browsers_send_and_passkeys_can_belong_to(origin: str, message: str) -> None:
    ((path, told),) = findings({"enabled": True, "origin": origin})
    assert path == "access.origin"
    assert told.startswith(message)


def test_the_services_of_push_are_hosts_or_all_below_one() -> None:
    assert findings({"push": {"services": ["push.example.org", "*.example.org"]}}) == []
    for service in ("https://push.example.org", "*", "push.*.org", "push.example.org:443", ""):
        assert findings({"push": {"services": [service]}}) == [("access.push.services.0", "is not the name of a host")]
    assert findings({"push": {"services": Access().push.services}}) == []


def test_nobody_is_told_twice_that_access_could_not_be_read() -> None:
    config = Config.model_validate(
        {"listeners": [{"address": "127.0.0.1:1"}], "guards": {"access": {"policy": "risk < 1"}}}
    )
    parts = parts_of(config)
    assert len([*access_findings(parts, lambda _: 1)]) == 1
    unread = type(parts)(**{name: getattr(parts, name) for name in parts.__dataclass_fields__} | {"access": None})
    assert [*access_findings(unread, lambda _: 1)] == []
