"""What finds signals in journal records: all detectors, in one table."""

from __future__ import annotations

from typing import Any

from bartizan.sentry.detectors.auth_failures import AuthFailures
from bartizan.sentry.detectors.findings import Findings
from bartizan.sentry.detectors.interface import Detector, Shelf
from bartizan.sentry.detectors.path_scan import PathScan

__all__ = ["DETECTORS", "Detector", "Shelf"]

DETECTORS: tuple[Detector[Any], ...] = (Findings(), PathScan(), AuthFailures())
"""They know nothing by themselves: what they remember is on a shelf."""
