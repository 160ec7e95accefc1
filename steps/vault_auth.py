"""Steps of the stage vault auth."""

from __future__ import annotations

from pytest_bdd import given, when

from ..fixtures.binding import then_judged
from ..fixtures.stages import Stages
from ..harness.engine import outcomes
from ..harness.engine.run import Run
from ..harness.model.words import Stage
from ..harness.wait import DeadlinePassed


@given("the secret store trusts the cluster")
def store_trusts_cluster(stages: Stages) -> None:
    """Auth method, policy and role are set up and let the ServiceAccount in."""
    stages.reach(Stage.VAULT_AUTH)


@when("the secret store reviews tokens with the reviewer's token")
def configure_auth(run: Run) -> None:
    """Set up the Kubernetes auth method."""
    run.walkthrough.configure_auth()


@when("the read policy is written")
def write_policy(run: Run) -> None:
    """Write the policy."""
    run.walkthrough.write_policy()


@when("the role is bound to the ServiceAccount for the audience of the reviewer's token")
def bind_role(run: Run) -> None:
    """Bind the role."""
    run.walkthrough.bind_role()


@then_judged("the ServiceAccount logs in by the role and gets the read policy", "outcomes-hold")
def logs_in(run: Run) -> DeadlinePassed | None:
    """Observe a login."""
    return outcomes.logs_in(run.context, run.walkthrough)
