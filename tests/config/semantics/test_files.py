"""What the golden files do not reach; they have a case for every message."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest

from bartizan.config.semantics.files import (
    authorities_fault,
    bundle_fault,
    certificate_fault,
    key_fault,
    readable_fault,
    revocation_fault,
)

NOW = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)


def test_what_is_right_has_no_fault(material: Path) -> None:
    tls = material / "tls"
    assert certificate_fault(str(tls / "server.pem"), NOW) is None
    assert key_fault(str(tls / "server.key"), str(tls / "server.pem")) is None
    assert authorities_fault(str(tls / "clients-ca.pem")) is None
    assert bundle_fault(str(tls / "server.pem")) is None
    assert revocation_fault(str(tls / "clients.crl"), NOW) is None


def test_dates_are_compared_with_the_time_that_is_given(material: Path) -> None:
    fault = certificate_fault(str(material / "tls/server.pem"), dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
    assert fault is not None
    assert fault[0] == "has expired on 2099-01-01"


def test_a_pipe_is_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert readable_fault(str(tmp_path / "pipe")) == ("is not a regular file", "name a file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_permissions_count(tmp_path: Path) -> None:
    (tmp_path / "secret").touch(mode=0)
    fault = readable_fault(str(tmp_path / "secret"))
    assert fault is not None
    assert "Permission denied" in fault[0]
