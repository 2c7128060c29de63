from __future__ import annotations

from tests.support.journals import NOW, records_of

from bartizan.pipeline import Deny
from bartizan.sentry.detectors.auth_failures import AuthFailures
from bartizan.sentry.detectors.interface import Shelf
from bartizan.sentry.detectors.windows import Window


def guess(times: int, **about: object) -> list[int]:
    shelf, found = Shelf(Window), []
    request = {"method": "POST", "path": "/api/login", "status": 401, **about}
    for number in range(times):
        record = records_of(now=NOW + number, **request)[0]  # type: ignore[arg-type]
        found += [signal.severity for signal in AuthFailures().on_record(record, shelf)]
    return found


def test_credentials_that_are_refused_again_and_again_are_guessing() -> None:
    assert guess(9) == []
    assert guess(10) == [30]
    assert guess(100) == [30, 45, 60]


def test_only_what_an_application_refuses_where_credentials_are_sent() -> None:
    assert guess(50, status=200) == []
    assert guess(50, method="GET") == []
    assert guess(50, path="/api/orders") == []
    assert guess(50, upstream=None) == []
    assert guess(50, verdict=Deny(403)) == []
    assert guess(50, path="/.bartizan/api/login") == []
