"""Progress of an intrusion: later stages that follow earlier ones make all that is known of an actor count more.

Minutes or weeks may lie between: stages are remembered with a half-life of their own. A step is a stage that was seen
last after an earlier one was seen first. Steps count more the more there are: 0.1, 0.2, 0.3 and 0.4 for the first to
the fourth, each as much as the stages it is between are sure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from bartizan.detection.risk.model import Chain
from bartizan.detection.risk.strand import Reached, Strand
from bartizan.pipeline import Stage

__all__ = ["STAGES", "chain_of", "factor_of", "stage_number"]

STAGES: tuple[Stage, ...] = get_args(Stage)
_NUMBERS = {stage: number for number, stage in enumerate(STAGES)}
_STEP = 0.1
_SURE = 0.15  # evidence from which on a stage is sure to have been reached


def stage_number(stage: Stage | None) -> int:
    """Return the place of a stage in the chain, from 0; -1 for none."""
    return -1 if stage is None else _NUMBERS[stage]


def factor_of(strands: Iterable[Strand], now: float) -> float:
    """Return by how much the evidence of strands counts more for its order: 1 to 2."""
    stages = _stages(strands)
    return 1.0 if len(stages) < 2 else _factor(stages, now)


def chain_of(strands: Iterable[Strand], now: float, points: float) -> Chain:
    """Return the stages that followed one another; ``points`` are what they add to the score."""
    stages = _stages(strands)
    part: set[int] = set()
    for number in stages:
        if before := [each for each in stages if each < number and stages[each].first < stages[number].last]:
            part.update((number, *before))
    return Chain(tuple((STAGES[each], stages[each].last) for each in sorted(part)), _factor(stages, now), points)


def _factor(stages: dict[int, Reached], now: float) -> float:
    sure = {number: min(1.0, reached.strength(now) / _SURE) for number, reached in stages.items()}
    steps = []
    for number, reached in stages.items():
        before = [sure[each] for each in stages if each < number and stages[each].first < reached.last]
        if before:
            steps.append(sure[number] * max(before))
    steps.sort(reverse=True)
    return 1.0 + _STEP * sum(place * step for place, step in enumerate(steps, 1))


def _stages(strands: Iterable[Strand]) -> dict[int, Reached]:
    merged: dict[int, Reached] = {}
    for strand in strands:
        for number, reached in strand.stages.items():
            known = merged.get(number)
            if known is None:
                merged[number] = Reached(reached.level, reached.first, reached.last)
                continue
            known.level = max(known.level, reached.level)
            known.first = min(known.first, reached.first)
            known.last = max(known.last, reached.last)
    return merged
