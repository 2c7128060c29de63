"""One risk score per actor, from signals: streaming, fading, explainable, and possible to take back."""

from bartizan.detection.risk.engine import Engine
from bartizan.detection.risk.model import (
    Chain,
    Contribution,
    Explanation,
    Kind,
    RiskSettings,
    RiskSignal,
    Shared,
)

__all__ = ["Chain", "Contribution", "Engine", "Explanation", "Kind", "RiskSettings", "RiskSignal", "Shared"]
