"""What is known of a run once it has ended: all that reports and verdicts are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from ..errors import HarnessError
from ..model.canary import Canaries
from ..model.component import ComponentInfo
from ..model.observation import Observation
from ..model.requirement import Requirement, Result
from ..model.verdict import Standing
from ..model.words import End, ExitCode


@dataclass(frozen=True, slots=True)
class Record:
    """A run as it ended; of several that shared its requirements, `merged` makes one.

    Attributes:
        run: The run's id.
        started: When it began.
        duration: How many seconds it took.
        profile: The profile that was asked for.
        platform: Where it ran.
        planned: The requirements of the profile.
        selected: The ids of those that were to be judged.
        results: What each of them came to.
        observations: What was seen, by requirement.
        end: How it ended.
        interrupted_by: The exit code for the signal that ended it.
        failure: What the engine or its environment failed with.
        doubles: The components that were doubles.
        easings: What made it easier than an installation.
        components: The parts as they ran.
        capabilities: What the stack offers.
        canaries: All secrets, to search for.
    """

    run: str
    started: datetime
    duration: float
    profile: str
    platform: str
    planned: Sequence[Requirement]
    selected: Sequence[str]
    results: Sequence[Result]
    observations: Mapping[str, Sequence[Observation]]
    end: End
    interrupted_by: ExitCode
    failure: HarnessError | None
    doubles: Sequence[str] = ()
    easings: Sequence[str] = ()
    components: Sequence[ComponentInfo] = ()
    capabilities: Mapping[str, Sequence[str]] = field(default_factory=dict)
    canaries: Canaries = field(default_factory=Canaries)

    @property
    def standing(self) -> Standing:
        """What the verdict is made of."""
        return Standing(
            results=self.results,
            end=self.end,
            selected=self.selected,
            selected_all=len(self.selected) == len(self.planned),
            doubles=self.doubles,
            engine_failed=self.failure is not None,
        )


def merged(records: Sequence[Record]) -> Record:
    """Return one record of several that each tried a part of the same selection.

    The first says which run it was; what ran is taken from the one that knows most of it.
    """
    whole = max(records, key=lambda one: len(one.components))
    by_id = {result.requirement.id: result for one in records for result in one.results}
    canaries = Canaries()
    for one in records:
        canaries.take(one.canaries)
    return replace(
        records[0],
        doubles=whole.doubles,
        easings=whole.easings,
        components=whole.components,
        capabilities=whole.capabilities,
        results=[by_id[one.id] for one in records[0].planned if one.id in by_id],
        observations={name: seen for one in records for name, seen in one.observations.items()},
        end=next((one.end for one in records if one.end is not End.COMPLETE), End.COMPLETE),
        failure=next((one.failure for one in records if one.failure), None),
        canaries=canaries,
    )
