"""What holds for all tests."""

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

# How fast an example runs depends on the machine and on what else runs there, so it is no criterion.
settings.register_profile("bartizan", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("bartizan")


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Take back what a command that ran in the test's process set of logging, which is the process's."""
    yield
    structlog.reset_defaults()
