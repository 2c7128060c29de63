"""What holds for all tests."""

from hypothesis import HealthCheck, settings

# How fast an example runs depends on the machine and on what else runs there, so it is no criterion.
settings.register_profile("bartizan", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("bartizan")
