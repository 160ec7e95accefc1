"""Steps of the stage rotation."""

from __future__ import annotations

from pytest_bdd import when

from ..fixtures.binding import then_judged
from ..harness.engine import outcomes
from ..harness.engine.chain import follow, stay
from ..harness.engine.run import Run
from ..harness.model.words import Hop
from ..harness.wait import DeadlinePassed


@when("a new value is put into the secret store")
def put_new_value(run: Run) -> None:
    """Note which KBS pod runs, then rotate."""
    outcomes.kbs_instance(run.context)
    run.walkthrough.put_new_value()


@when("a refresh of the ExternalSecret is forced")
def force_sync(run: Run) -> None:
    """Annotate the ExternalSecret."""
    run.walkthrough.force_sync()


@then_judged("the kbs-client decodes the new value", "value-reaches-client")
def client_decodes_new_value(run: Run) -> DeadlinePassed | None:
    """Follow the new value to the client."""
    return follow(run.context, run.walkthrough.ensure_value(), Hop.CLIENT)


@then_judged("the Secret holds the new value", "value-reaches-secret")
def secret_holds_new_value(run: Run) -> DeadlinePassed | None:
    """Follow the new value to the Secret."""
    return follow(run.context, run.walkthrough.ensure_value(), Hop.SECRET)


@when("the KBS pod is replaced")
def replace_kbs(run: Run) -> None:
    """Put a fresh one in its place."""
    run.walkthrough.replace_kbs()


@then_judged("the KBS pod is the one that ran before", "same-instance")
def same_pod(run: Run) -> None:
    """Note which KBS pod runs now."""
    outcomes.kbs_instance(run.context)


@then_judged("the kbs-client goes on decoding the value over two delivery periods", "value-stays")
def value_stays_as_it_is(run: Run) -> DeadlinePassed | None:
    """Fetch on and watch for any other answer."""
    return stay(run.context, run.walkthrough.ensure_value())


@then_judged(
    "the kbs-client goes on decoding the new value over two delivery periods", "value-stays"
)
def value_stays(run: Run) -> DeadlinePassed | None:
    """Fetch on and watch for the old value."""
    return stay(run.context, run.walkthrough.ensure_value())
