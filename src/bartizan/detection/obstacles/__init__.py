"""Obstacles: what rising risk puts in an actor's way, rung by rung, and what the guard ``access`` is told of it.

``ladder`` says which rungs a risk reaches, ``guard`` puts them in the way, ``sessions`` is about those of people who
are logged in, ``told`` keeps the signals few.
"""

from bartizan.detection.obstacles.guard import Means, Obstacles
from bartizan.detection.obstacles.keys import behind, places_of
from bartizan.detection.obstacles.ladder import RUNGS
from bartizan.detection.obstacles.sessions import SessionRisk
from bartizan.detection.obstacles.told import Teller

__all__ = ["RUNGS", "Means", "Obstacles", "SessionRisk", "Teller", "behind", "places_of"]
