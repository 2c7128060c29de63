"""Work for a client before it may go on: a puzzle that costs it time, and the gateway one hash.

``puzzle`` is the work, ``tickets`` seals it, ``page`` and ``files`` show it, ``challenger`` asks for it, ``desk`` takes
answers.
"""

from bartizan.detection.challenge.challenger import Challenger
from bartizan.detection.challenge.desk import PATHS, Desk

__all__ = ["PATHS", "Challenger", "Desk"]
