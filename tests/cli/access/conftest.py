"""Commands for administrators, on records and a shared state of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.access_site import AccessSite


@pytest.fixture
def site(tmp_path: Path) -> AccessSite:
    return AccessSite(tmp_path)
