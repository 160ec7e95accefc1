"""The judge over made-up histories: the culprit table, and what holds for every history."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trustee_conformance.harness.model import observation as seen
from trustee_conformance.harness.model.culprit import CHAIN, first_difference
from trustee_conformance.harness.model.judge import judge
from trustee_conformance.harness.model.observation import Absence, Observation
from trustee_conformance.harness.model.words import Component, Edge, Hop, Status

OLD, NEW = "0" * 16, "1" * 16


def chain(**marks: str | None) -> list[Observation]:
    """The intent NEW, and at each hop named the mark given, absent where it is None."""
    history = [seen.intent(0.0, NEW)]
    for at, (hop, mark) in enumerate(marks.items(), start=1):
        absence = None if mark else Absence.MISSING
        history.append(seen.value(float(at), Hop(hop), mark, absence))
    return history


def culprit(rule: str, history: list[Observation]) -> tuple[object, object, object]:
    judgement = judge(rule, history)
    assert judgement.status is Status.FAIL
    assert judgement.culprit is not None
    return judgement.culprit.hop, judgement.culprit.edge, judgement.culprit.component


def test_a_value_that_is_the_same_everywhere_passes():
    history = chain(store=NEW, secret=NEW, kbs=NEW, client=NEW)
    assert judge("value-reaches-client", history).status is Status.PASS


@pytest.mark.parametrize(
    ("marks", "blamed"),
    [
        ({"store": OLD}, (Hop.STORE, Edge.RUN_STORE, Component.STORE)),
        (
            {"store": NEW, "secret": OLD},
            (Hop.SECRET, Edge.STORE_SECRET, Component.EXTERNAL_SECRETS),
        ),
        (
            {"store": NEW, "secret": None},
            (Hop.SECRET, Edge.STORE_SECRET, Component.EXTERNAL_SECRETS),
        ),
        (
            {"store": NEW, "secret": NEW, "kbs": OLD},
            (Hop.KBS, Edge.SECRET_KBS, Component.TRUSTEE_OPERATOR),
        ),
        (
            {"store": NEW, "secret": NEW, "kbs": None},
            (Hop.KBS, Edge.SECRET_KBS, Component.TRUSTEE_OPERATOR),
        ),
        (
            {"store": NEW, "secret": NEW, "kbs": NEW, "client": OLD},
            (Hop.CLIENT, Edge.KBS_CLIENT, Component.KBS_CLIENT),
        ),
    ],
)
def test_the_first_hop_that_differs_is_the_culprits(marks, blamed):
    assert culprit("value-reaches-client", chain(**marks)) == blamed


def test_a_store_that_refused_is_the_culprit_for_the_secret():
    history = [*chain(store=NEW, secret=None), seen.evidence(9.0, Hop.SECRET, refused=True)]
    assert culprit("value-reaches-secret", history)[2] is Component.STORE


@pytest.mark.parametrize("absence", [Absence.UNREACHABLE, Absence.REFUSED, Absence.BROKEN])
def test_a_kbs_that_is_down_or_refuses_is_its_own_culprit(absence):
    history = [*chain(store=NEW, secret=NEW), seen.value(3.0, Hop.KBS, None, absence)]
    assert culprit("value-reaches-client", history)[2] is Component.KBS


def test_a_kbs_whose_repository_has_the_value_is_its_own_culprit():
    late = seen.value(3.0, Hop.KBS, OLD, repository=NEW)
    assert culprit("value-reaches-client", [*chain(store=NEW, secret=NEW), late]) == (
        Hop.KBS,
        Edge.SECRET_KBS,
        Component.KBS,
    )


def test_a_mount_that_lags_is_the_culprit_of_kubernetes():
    lag = seen.evidence(9.0, Hop.KBS, refused=False, mountLags=True)
    history = [*chain(store=NEW, secret=NEW, kbs=OLD), lag]
    assert culprit("value-reaches-client", history)[2] is Component.KUBERNETES


def test_without_a_reader_nobody_is_blamed_past_the_secret():
    unobserved = seen.value(3.0, Hop.KBS, None, Absence.UNOBSERVED)
    history = [*chain(store=NEW, secret=NEW), unobserved, seen.value(4.0, Hop.CLIENT, OLD)]
    assert culprit("value-reaches-client", history) == (Hop.CLIENT, Edge.SECRET_CLIENT, None)


def test_a_value_that_never_was_put_cannot_be_judged():
    history = [one for one in chain(store=NEW) if one.hop]
    assert judge("value-reaches-client", history).status is Status.ERROR


def staying(*marks: str | None, step: float = 0.6, period: float = 1.0) -> list[Observation]:
    """NEW has arrived everywhere; then the client decodes these marks."""
    history = chain(store=NEW, secret=NEW, kbs=NEW, client=NEW)
    for index, mark in enumerate(marks):
        absence = None if mark else Absence.UNREACHABLE
        at = 5.0 + index * step
        history.append(seen.value(at, Hop.CLIENT, mark, absence, deliveryPeriod=period))
    return history


def test_a_new_value_that_stays_passes():
    assert judge("value-stays", staying(*[NEW] * 5)).status is Status.PASS


def test_an_old_value_that_comes_back_is_the_clients_where_kbs_has_the_new_one():
    history = [*staying(NEW, NEW, OLD), *after(7.0, NEW, NEW, NEW)]
    assert culprit("value-stays", history)[2] is Component.KBS_CLIENT


def test_an_old_value_that_comes_back_is_the_operators_where_kbs_has_it_too():
    history = [*staying(NEW, NEW, OLD), *after(7.0, NEW, NEW, OLD)]
    assert culprit("value-stays", history)[2] is Component.TRUSTEE_OPERATOR


def after(at: float, *marks: str) -> list[Observation]:
    return [seen.value(at, hop, mark) for hop, mark in zip(CHAIN, marks, strict=False)]


def test_a_fetch_without_a_value_fails_the_control():
    judgement = judge("value-stays", staying(NEW, NEW, None))
    assert (judgement.status, judgement.reason) == (Status.FAIL, "control")


def test_a_kbs_that_went_away_is_the_controls_culprit():
    gone = seen.value(9.0, Hop.KBS, None, Absence.UNREACHABLE)
    history = [*staying(NEW, NEW, None), *after(8.0, NEW, NEW), gone]
    assert culprit("value-stays", history)[2] is Component.KBS


def test_a_secret_that_went_away_is_the_controls_culprit():
    gone = [
        seen.value(9.0, Hop.SECRET, None, Absence.MISSING),
        seen.value(9.1, Hop.KBS, None, Absence.MISSING, repository=None),
    ]
    history = [*staying(NEW, NEW, None), *after(8.0, NEW), *gone]
    assert culprit("value-stays", history)[2] is Component.EXTERNAL_SECRETS


def test_a_kbs_without_the_value_and_without_a_repository_is_the_operators():
    missing = seen.value(3.0, Hop.KBS, None, Absence.MISSING, repository=None)
    history = [*chain(store=NEW, secret=NEW), missing]
    assert culprit("value-reaches-client", history)[2] is Component.TRUSTEE_OPERATOR


def test_no_pod_before_and_none_after_is_no_same_pod():
    none = seen.identity(1.0, Component.KBS, None)
    assert judge("same-instance", [none, none]).status is Status.FAIL


@pytest.mark.parametrize(
    "history", [staying(*[NEW] * 3), staying(*[NEW] * 9, step=0.1), staying(*[NEW] * 5, period=9)]
)
def test_too_few_fetches_or_too_short_a_time_prove_nothing(history):
    assert judge("value-stays", history).status is Status.ERROR


def test_the_same_pod_before_and_after_passes_and_another_fails():
    before = seen.identity(1.0, Component.KBS, "pod-1")
    same = seen.identity(2.0, Component.KBS, "pod-1")
    other = seen.identity(2.0, Component.KBS, "pod-2")
    assert judge("same-instance", [before, same]).status is Status.PASS
    assert judge("same-instance", [before, other]).reason == "restarted"
    assert judge("same-instance", [before]).status is Status.ERROR


def test_an_outcome_that_is_missing_is_its_components():
    missing = seen.outcome(1.0, Component.KBS, holds=False, what="answers", seen="refused")
    assert culprit("outcomes-hold", [missing]) == (None, None, Component.KBS)


def test_an_outcome_that_came_later_counts():
    missing = seen.outcome(1.0, Component.KBS, holds=False, what="answers", seen="refused")
    there = seen.outcome(2.0, Component.KBS, holds=True, what="answers", seen="ok")
    assert judge("outcomes-hold", [missing, there]).status is Status.PASS


def test_what_eso_cannot_do_because_the_store_refused_is_the_stores():
    missing = seen.outcome(1.0, Component.EXTERNAL_SECRETS, holds=False, what="ready", seen="403")
    refused = seen.evidence(2.0, Hop.SECRET, refused=True)
    assert culprit("outcomes-hold", [missing, refused])[2] is Component.STORE


def test_no_observation_is_no_pass():
    for rule in ("value-reaches-client", "value-stays", "same-instance", "outcomes-hold"):
        assert judge(rule, []).status is Status.ERROR


marks = st.sampled_from([OLD, NEW, None])
histories = st.lists(
    st.builds(
        lambda at, hop, mark: seen.value(at, hop, mark, None if mark else Absence.MISSING),
        st.floats(0, 100),
        st.sampled_from(Hop),
        marks,
    ),
    max_size=30,
).map(lambda values: [seen.intent(0.0, NEW), *values])


@given(histories)
def test_a_history_passes_only_if_every_hop_showed_the_value_last(history):
    last = {one.hop: one.fingerprint for one in history if one.hop}
    judgement = judge("value-reaches-client", history)
    everywhere = all(last.get(hop) == NEW for hop in CHAIN)
    assert (judgement.status is Status.PASS) == everywhere


@given(histories)
def test_all_hops_before_the_culprit_are_right(history):
    hop = first_difference(history, Hop.CLIENT)
    last = {one.hop: one.fingerprint for one in history if one.hop}
    before = CHAIN[: CHAIN.index(hop)] if hop else CHAIN
    assert all(last.get(one) == NEW for one in before)
    if hop:
        assert judge("value-reaches-client", history).culprit.hop is hop


@given(histories)
def test_judging_changes_nothing_and_survives_the_file(history):
    copy = [Observation.from_json(one.to_json()) for one in history]
    first = judge("value-reaches-client", history)
    assert judge("value-reaches-client", history) == first
    assert judge("value-reaches-client", copy).culprit == first.culprit
