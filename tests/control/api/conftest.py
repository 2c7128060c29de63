"""A control server on its real socket, with people, for each test."""

from tests.support.world_fixtures import clock, control, settings, world

__all__ = ["clock", "control", "settings", "world"]
