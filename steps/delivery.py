"""Steps about the list of the KbsConfig and the rollout of the KBS pod."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_bdd import when

from ..fixtures.binding import then_judged
from ..harness.engine import listing as entries
from ..harness.engine.listing import Listing
from ..harness.engine.run import Run
from ..harness.wait import DeadlinePassed


@pytest.fixture
def listing(run: Run) -> Iterator[Listing]:
    """The list as this scenario changes it; it is as before afterwards."""
    made = Listing(run.context)
    yield made
    made.restore()


@when("the list gets an entry whose Secret does not exist")
def list_missing(listing: Listing) -> None:
    """Name a Secret that is not there."""
    listing.append(entries.MISSING)


@when("the missing Secret is made")
def make_missing(listing: Listing) -> None:
    """Make it at last."""
    listing.make_secret(entries.MISSING)


@when("the list gets the entry of the synced Secret a second time")
def list_twice(run: Run, listing: Listing) -> None:
    """Send the walkthrough's patch again."""
    listing.append(run.stack.names.secret)


@when("the second entry is taken off the list")
def list_once(run: Run, listing: Listing) -> None:
    """Leave the first."""
    listing.take_off(run.stack.names.secret)


@when("the list gets the entry of a Secret with a dot in its name")
def list_dotted(listing: Listing) -> None:
    """A Secret may be called so, a volume may not."""
    listing.make_secret(entries.DOTTED)
    listing.append(entries.DOTTED)


@when("the entry with the dot is taken off the list")
def unlist_dotted(listing: Listing) -> None:
    """Take it off."""
    listing.take_off(entries.DOTTED)


@when("the list gets the entry of a Secret with a name of over 63 characters")
def list_overlong(listing: Listing) -> None:
    """A Secret may be called so, a volume may not."""
    listing.make_secret(entries.OVERLONG)
    listing.append(entries.OVERLONG)


@when("the entry that is too long is taken off the list")
def unlist_overlong(listing: Listing) -> None:
    """Take it off."""
    listing.take_off(entries.OVERLONG)


@when("the list gets the entry of a Secret with a reserved name")
def list_reserved(listing: Listing) -> None:
    """The operator has a volume of that name already."""
    listing.make_secret(entries.RESERVED)
    listing.append(entries.RESERVED)


@when("the reserved entry is taken off the list")
def unlist_reserved(listing: Listing) -> None:
    """Take it off."""
    listing.take_off(entries.RESERVED)


@when("the list gets the entry of another Secret")
def list_another(listing: Listing) -> None:
    """A good entry."""
    listing.make_secret(entries.ANOTHER)
    listing.append(entries.ANOTHER)


@then_judged("the Trustee operator says that the Secret is not found", "outcomes-hold")
def says_not_found(run: Run, listing: Listing) -> DeadlinePassed | None:  # noqa: ARG001 - judged by it
    """Read what the operator says."""
    return listing.operator_tells(f'Secret "{entries.MISSING}" not found')


@then_judged("the Trustee operator says that the volume is a duplicate", "outcomes-hold")
def says_duplicate(run: Run, listing: Listing) -> DeadlinePassed | None:  # noqa: ARG001 - judged by it
    """Read what the operator passes on from the API server."""
    return listing.operator_tells("Duplicate value")


@then_judged("the Trustee operator says that a volume's name has no dots", "outcomes-hold")
def says_no_dots(run: Run, listing: Listing) -> DeadlinePassed | None:  # noqa: ARG001 - judged by it
    """Read what the operator passes on from the API server."""
    return listing.operator_tells("must not contain dots")


@then_judged("the Trustee operator says that a volume's name is shorter", "outcomes-hold")
def says_shorter(run: Run, listing: Listing) -> DeadlinePassed | None:  # noqa: ARG001 - judged by it
    """Read what the operator passes on from the API server."""
    return listing.operator_tells("must be no more than 63")


@then_judged("the kbs-client decodes the value of the missing Secret", "outcomes-hold")
def decodes_missing(run: Run, listing: Listing) -> DeadlinePassed | None:  # noqa: ARG001 - judged by it
    """Fetch it."""
    return listing.client_decodes(entries.MISSING, "delivery")


@then_judged("the kbs-client decodes the value of the other Secret", "outcomes-hold")
def decodes_other(run: Run, listing: Listing) -> DeadlinePassed | None:  # noqa: ARG001 - judged by it
    """Fetch it."""
    return listing.client_decodes(entries.ANOTHER, "delivery")


@then_judged(
    "the kbs-client decodes the value of the other Secret within a minute", "outcomes-hold"
)
def decodes_in_time(run: Run, listing: Listing) -> DeadlinePassed | None:  # noqa: ARG001 - judged by it
    """Fetch it, within the deadline of a roll."""
    return listing.client_decodes(entries.ANOTHER, "roll")
