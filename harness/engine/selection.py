"""What a profile asks for, what of it was selected, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..model.requirement import Requirement


@dataclass(slots=True, eq=False)
class Selection:
    """Filled while the features are collected.

    Attributes:
        profile: Which requirements are asked for.
        planned: Every requirement of the profile, in the order of the walkthrough.
        selected: The ids of those that were selected.
        problems: What is wrong with the features, a sentence each.
    """

    profile: str = "full"
    planned: list[Requirement] = field(default_factory=list)
    selected: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def chosen(self) -> list[Requirement]:
        """The requirements that were selected."""
        return [one for one in self.planned if one.id in self.selected]
