"""Steps of the stage sync."""

from __future__ import annotations

from pytest_bdd import given, when

from ..fixtures.binding import then_judged
from ..fixtures.stages import Stages
from ..harness.engine import outcomes
from ..harness.engine.chain import follow
from ..harness.engine.run import Run
from ..harness.model.words import Hop, Stage
from ..harness.wait import DeadlinePassed


@given("the value is synced to the Secret")
def value_is_synced(stages: Stages) -> None:
    """The Secret holds the value."""
    stages.reach(Stage.SYNC)


@when("a value is put into the secret store")
def put_value(run: Run) -> None:
    """Put the run's first value, unless it is there."""
    run.walkthrough.ensure_value()


@when("the SecretStore is applied")
def apply_secret_store(stages: Stages) -> None:
    """Apply the SecretStore."""
    stages.apply_secret_store()


@when("the ExternalSecret is applied")
def apply_external_secret(stages: Stages) -> None:
    """Apply the ExternalSecret."""
    stages.apply_external_secret()


@then_judged("the SecretStore becomes ready", "outcomes-hold")
def secret_store_ready(run: Run) -> DeadlinePassed | None:
    """Observe the SecretStore."""
    return outcomes.secret_store_ready(run.context)


@then_judged("the Secret holds the value", "value-reaches-secret")
def secret_holds_value(run: Run) -> DeadlinePassed | None:
    """Follow the value to the Secret."""
    return follow(run.context, run.walkthrough.ensure_value(), Hop.SECRET)
