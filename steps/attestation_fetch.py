"""Steps of the stage attestation fetch."""

from __future__ import annotations

from pytest_bdd import given, when

from ..fixtures.binding import then_judged
from ..fixtures.stages import Stages
from ..harness.engine.chain import follow
from ..harness.engine.run import Run
from ..harness.model.words import Hop, Stage
from ..harness.wait import DeadlinePassed


@given("the kbs-client decodes the value that was synced")
def client_decodes_synced_value(stages: Stages) -> None:
    """The value has come all the way."""
    stages.reach(Stage.ATTESTATION_FETCH)


@when("the Secret is added to the list of the KbsConfig")
def publish(run: Run) -> None:
    """Send the walkthrough's patch."""
    run.walkthrough.publish()


@then_judged("the kbs-client decodes the value", "value-reaches-client")
def client_decodes_value(run: Run) -> DeadlinePassed | None:
    """Follow the value to the client."""
    return follow(run.context, run.walkthrough.ensure_value(), Hop.CLIENT)
