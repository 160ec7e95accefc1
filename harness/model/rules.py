"""The rules that a Then can name: each a pure function of observations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from . import culprit as culprits
from .culprit import Culprit
from .observation import Kind, Observation
from .words import Component, Edge, Hop, Status

STAY_FETCHES = 5
"""How many fetches must show the new value before it counts as staying."""

STAY_PERIODS = 2
"""Over how many delivery periods they must be spread."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a rule made of the observations.

    Attributes:
        status: Pass or fail; a rule that gets no observations to read says error.
        culprit: Who broke it, where it failed and that can be told.
        reason: A word for machines: `value`, `outcome`, `restarted`, `control`.
        expected: What the rule asked for, for people.
        seen: What was there instead, for people.
    """

    status: Status
    culprit: Culprit | None = None
    reason: str | None = None
    expected: str = ""
    seen: str = ""


Rule = Callable[[Sequence[Observation]], Judgement]

_PASS = Judgement(Status.PASS)


def value_reaches(until: Hop, observations: Sequence[Observation]) -> Judgement:
    """The value that the run put last is the value at every hop up to `until`."""
    if culprits.intended(observations) is None:
        return _error("no value was put before it was looked for")
    hop = culprits.first_difference(observations, until)
    return _PASS if hop is None else _wrong_value(hop, observations)


def value_stays(observations: Sequence[Observation]) -> Judgement:
    """Once the new value was decoded, every later fetch decodes it.

    A fetch that yields no value proves nothing: it fails the control, not the requirement.
    """
    period = _period(observations)
    fetches = _since_intent(observations, Hop.CLIENT)
    if period is None or not fetches:
        return _error("no delivery period or no fetch was observed")
    for fetch in fetches:
        if fetch.fingerprint is None:
            return _control(fetch, observations)
        if fetch.fingerprint != culprits.intended(observations):
            return _went_back(fetch, observations)
    spread = fetches[-1].at - fetches[0].at
    if len(fetches) < STAY_FETCHES or spread < STAY_PERIODS * period:
        return _error(f"{len(fetches)} fetches over {spread:.1f} s are too few to tell")
    return _PASS


def same_instance(observations: Sequence[Observation]) -> Judgement:
    """The component's instance is the one that was there before."""
    marks = [seen for seen in observations if seen.kind is Kind.IDENTITY]
    if len(marks) < 2:  # noqa: PLR2004 - before and after
        return _error("the instance was not observed before and after")
    first, last = marks[0], marks[-1]
    if first.fingerprint is not None and first.fingerprint == last.fingerprint:
        return _PASS
    who = Culprit(Hop.KBS, Edge.SECRET_KBS, Component.TRUSTEE_OPERATOR)
    return _fail(who, "restarted", f"instance {first.fingerprint}", f"instance {last.fingerprint}")


def outcomes_hold(observations: Sequence[Observation]) -> Judgement:
    """Every outcome that was looked at last is there.

    What ESO could not bring about because the store refused it or did not answer is the store's.
    """
    latest = {
        (seen.component, seen.detail.get("what")): seen
        for seen in observations
        if seen.kind is Kind.OUTCOME
    }
    if not latest:
        return _error("no outcome was observed")
    for seen in latest.values():
        if not seen.holds and seen.component is not None:
            who = culprits.of_component(_responsible(seen.component, observations))
            detail = seen.detail
            return _fail(who, "outcome", str(detail.get("what")), str(detail.get("seen")))
    return _PASS


RULES: Mapping[str, Rule] = {
    "outcomes-hold": outcomes_hold,
    "same-instance": same_instance,
    "value-reaches-client": partial(value_reaches, Hop.CLIENT),
    "value-reaches-kbs": partial(value_reaches, Hop.KBS),
    "value-reaches-secret": partial(value_reaches, Hop.SECRET),
    "value-reaches-store": partial(value_reaches, Hop.STORE),
    "value-stays": value_stays,
}
"""Every rule by the name that a Then gives and that reports carry."""


def _responsible(component: Component, observations: Sequence[Observation]) -> Component:
    refused = any(seen.refused for seen in observations if seen.kind is Kind.EVIDENCE)
    if component is Component.EXTERNAL_SECRETS and refused:
        return Component.STORE
    return component


def _wrong_value(hop: Hop, observations: Sequence[Observation]) -> Judgement:
    who = culprits.of_hop(hop, observations)
    sight = culprits.last_values(observations).get(hop)
    want = f"{culprits.intended(observations)} at {hop}"
    return _fail(who, "value", want, _describe(sight))


def _went_back(fetch: Observation, observations: Sequence[Observation]) -> Judgement:
    want = f"{culprits.intended(observations)} at client, as before"
    return _fail(_culprit_after(fetch, observations), "value", want, _describe(fetch))


def _control(fetch: Observation, observations: Sequence[Observation]) -> Judgement:
    want = "every fetch yields a value while the old one is watched for"
    return _fail(_culprit_after(fetch, observations), "control", want, _describe(fetch))


def _culprit_after(fetch: Observation, observations: Sequence[Observation]) -> Culprit:
    """Judge by what every hop showed once the client had shown something else."""
    after = [seen for seen in observations if seen.at >= fetch.at or seen.kind is Kind.INTENT]
    hop = culprits.first_difference(after, Hop.KBS)
    looked = hop in culprits.last_values(after)
    return culprits.of_hop(hop if hop is not None and looked else Hop.CLIENT, after)


def _since_intent(observations: Sequence[Observation], hop: Hop) -> list[Observation]:
    """The values at `hop` from the first that was the intended one."""
    start = max((seen.at for seen in observations if seen.kind is Kind.INTENT), default=0.0)
    values = [
        seen
        for seen in observations
        if seen.kind is Kind.VALUE and seen.hop is hop and seen.at >= start
    ]
    want = culprits.intended(observations)
    hits = [index for index, seen in enumerate(values) if seen.fingerprint == want]
    return values[hits[0] :] if hits else []


def _period(observations: Sequence[Observation]) -> float | None:
    periods = [
        seen.detail["deliveryPeriod"] for seen in observations if "deliveryPeriod" in seen.detail
    ]
    return float(periods[-1]) if periods else None


def _describe(sight: Observation | None) -> str:
    if sight is None:
        return "never looked at"
    if sight.fingerprint is not None:
        return f"{sight.fingerprint} at {sight.hop}"
    why = sight.detail.get("error")
    return f"no value at {sight.hop}: {sight.absence}" + (f" ({why})" if why else "")


def _fail(who: Culprit, reason: str, expected: str, seen: str) -> Judgement:
    return Judgement(Status.FAIL, who, reason, expected, seen)


def _error(why: str) -> Judgement:
    return Judgement(Status.ERROR, reason="engine", expected="observations to judge", seen=why)
