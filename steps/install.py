"""Steps of the stage install."""

from __future__ import annotations

from pytest_bdd import given

from ..fixtures.binding import then_judged
from ..fixtures.stages import Stages
from ..harness.engine import outcomes
from ..harness.engine.run import Run
from ..harness.model.words import Stage
from ..harness.wait import DeadlinePassed


@given("the stack is installed")
def installed(stages: Stages) -> None:
    """The platform has brought the stack up as far as it comes."""
    stages.reach(Stage.INSTALL)


@then_judged("the secret store is unsealed and takes requests", "outcomes-hold")
def store_takes_requests(run: Run) -> DeadlinePassed | None:
    """Observe the store."""
    return outcomes.store_takes_requests(run.context)


@then_judged("the External Secrets Operator serves its API and is healthy", "outcomes-hold")
def external_secrets_runs(run: Run) -> DeadlinePassed | None:
    """Observe ESO."""
    return outcomes.external_secrets_runs(run.context)


@then_judged("the KbsConfig is ready", "outcomes-hold")
def kbs_config_ready(run: Run) -> DeadlinePassed | None:
    """Observe the KbsConfig."""
    return outcomes.kbs_config_ready(run.context)


@then_judged("the KBS answers the kbs-client", "outcomes-hold")
def kbs_answers(run: Run) -> DeadlinePassed | None:
    """Observe KBS from its client."""
    return outcomes.kbs_answers(run.context)
