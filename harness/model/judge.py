"""The judge: a rule's name and observations in, a judgement out."""

from __future__ import annotations

from collections.abc import Sequence

from .observation import Observation
from .rules import RULES, Judgement


def judge(rule: str, observations: Sequence[Observation]) -> Judgement:
    """Judge observations by the rule of that name; the same online and offline.

    Raises:
        KeyError: there is no such rule.
    """
    return RULES[rule](observations)
