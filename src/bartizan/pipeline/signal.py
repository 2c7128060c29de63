"""A typed finding about actors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bartizan.pipeline.actor import Actor

__all__ = ["Signal", "Stage"]

Stage = Literal["reconnaissance", "access", "discovery", "collection", "exfiltration"]
"""How far an intrusion has come when something is seen, in order."""


@dataclass(frozen=True, slots=True)
class Signal:
    """What a guard or detector found.

    ``name`` is dotted and stable (``denylist.hit``), ``severity`` 0 to 100, ``confidence`` 0 to 1, ``technique`` an
    ATT&CK id (``T1595``), ``owasp`` an OWASP API Security Top 10 2023 item (``API4:2023``), ``evidence`` what a
    person needs to judge it; never a secret. ``detector``, ``stage``, ``technique``, ``owasp`` and
    ``actors`` that a guard leaves out are filled in from the catalogue of signals and the exchange when it is recorded.
    """

    name: str
    severity: int
    confidence: float = 1.0
    technique: str | None = None
    owasp: str | None = None
    actors: tuple[Actor, ...] = ()
    evidence: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    detector: str = ""
    """What finds such things: signals of one detector are no independent evidence of each other."""
    stage: Stage | None = None
