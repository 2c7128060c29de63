"""Measurements beside other gateways: ``python -m benchmarks.run``."""
