"""Following a value over a stack made up here, and what the judge makes of it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from trustee_conformance.harness.components.kbs_client import Fetched
from trustee_conformance.harness.config import DeadlineSettings
from trustee_conformance.harness.engine.chain import Intended, declare, follow, stay
from trustee_conformance.harness.engine.context import Context
from trustee_conformance.harness.model.canary import Canaries
from trustee_conformance.harness.model.judge import judge
from trustee_conformance.harness.model.names import Names
from trustee_conformance.harness.model.observation import Absence
from trustee_conformance.harness.model.words import Component, Hop, Status
from trustee_conformance.harness.observe import Journal

OLD, NEW = b"the old value", b"the new value"
SHORT = DeadlineSettings(auth=0.2, sync=0.2, delivery=0.2, fetch=0.2, stay=5)


class Chain:
    """Four places that hold a value each, or none; `turns` change them before a client's fetch."""

    def __init__(self, **held: bytes | None) -> None:
        self.held: dict[str, bytes | None] = {
            "store": NEW,
            "secret": NEW,
            "kbs": NEW,
            "client": NEW,
            **held,
        }
        self.turns: dict[int, Callable[[], None]] = {}
        self.fetches = 0
        self.absence = Absence.MISSING

    def context(self, folder) -> Context:
        names = Names()
        stack = SimpleNamespace(
            names=names,
            store=SimpleNamespace(api=SimpleNamespace(read=self.read)),
            kubernetes=SimpleNamespace(get=self.get, changes=self.changes, warnings=lambda *_: []),
            external_secrets=SimpleNamespace(health=lambda: "ok", kind=lambda name: name),
            trustee=SimpleNamespace(
                health=lambda: "ok",
                kbs_health=lambda: "ok",
                listed=list,
                is_ready=lambda: True,
                repository_value=lambda *_: self.held["kbs"],
                delivery_seen=lambda *_: "a mounted file",
            ),
            reader=SimpleNamespace(get_resource=lambda _: self.fetched("kbs")),
            client=SimpleNamespace(get_resource=self.fetch),
            delivery_period=0.05,
            vitals=lambda: None,
        )
        journal = Journal(folder / "observations.jsonl")
        journal.begin("ROTATION-001")
        return Context(stack, journal, Canaries(), SHORT)

    def read(self, *_: str) -> tuple[dict, int] | None:
        value = self.held["store"]
        return None if value is None else ({Names().store_property: value.decode()}, 2)

    def get(self, kind, *_: str) -> dict | None:
        value = self.held["secret"]
        if value is None or isinstance(kind, str):
            return None
        data = {Names().secret_key: base64.b64encode(value).decode()}
        return {"metadata": {"resourceVersion": "1"}, "data": data}

    def changes(self, *_: str) -> Iterator[None]:
        while True:
            yield None

    def fetch(self, _: str) -> Fetched:
        self.fetches += 1
        self.turns.get(self.fetches, lambda: None)()
        return self.fetched("client")

    def fetched(self, place: str) -> Fetched:
        value = self.held[place]
        return Fetched(value, None if value else self.absence, None, 0)


def intended(context: Context) -> Intended:
    return Intended(context.journal.fingerprints.of(NEW), datetime.now(UTC), 2)


@pytest.mark.parametrize(
    ("held", "blamed"),
    [
        ({"store": OLD}, Component.STORE),
        ({"secret": OLD}, Component.EXTERNAL_SECRETS),
        ({"secret": None}, Component.EXTERNAL_SECRETS),
        ({"kbs": OLD}, Component.TRUSTEE_OPERATOR),
        ({"client": OLD}, Component.KBS_CLIENT),
    ],
)
def test_a_value_that_stops_is_followed_to_where_it_stops(tmp_path, held, blamed):
    context = Chain(**held).context(tmp_path)
    assert follow(context, intended(context), Hop.CLIENT) is not None
    assert judge("value-reaches-client", context.journal.current()).culprit.component is blamed


def test_a_value_that_arrives_is_seen_at_every_hop(tmp_path):
    context = Chain().context(tmp_path)
    assert follow(context, intended(context), Hop.CLIENT) is None
    assert judge("value-reaches-client", context.journal.current()).status is Status.PASS


def test_a_kbs_that_dies_after_it_was_read_is_blamed_and_not_the_client(tmp_path):
    chain = Chain()

    def die() -> None:
        chain.held.update(kbs=None, client=None)
        chain.absence = Absence.UNREACHABLE

    chain.turns[1] = die
    context = chain.context(tmp_path)
    follow(context, intended(context), Hop.CLIENT)
    culprit = judge("value-reaches-client", context.journal.current()).culprit
    assert culprit.component is Component.KBS


def test_a_value_that_comes_too_late_is_missing_where_it_was_awaited(tmp_path):
    chain = Chain(secret=None)
    context = chain.context(tmp_path)
    read = context.stack.store.api.read
    looks = iter(range(100))

    def read_and_arrive(*names: str) -> object:
        """The value arrives while the store is looked at again, after the wait has ended."""
        if next(looks) > 0:
            chain.held["secret"] = NEW
        return read(*names)

    context.stack.store.api.read = read_and_arrive
    assert follow(context, intended(context), Hop.CLIENT) is not None
    culprit = judge("value-reaches-client", context.journal.current()).culprit
    assert (culprit.hop, culprit.component) == (Hop.SECRET, Component.EXTERNAL_SECRETS)


@pytest.mark.parametrize(
    ("turned", "blamed"),
    [
        ({"client": OLD}, Component.KBS_CLIENT),
        ({"client": OLD, "kbs": OLD}, Component.TRUSTEE_OPERATOR),
        ({"client": OLD, "kbs": OLD, "secret": OLD}, Component.EXTERNAL_SECRETS),
        ({"client": None}, Component.KBS_CLIENT),
        ({"client": None, "kbs": None}, Component.TRUSTEE_OPERATOR),
        ({"client": None, "kbs": None, "secret": None}, Component.EXTERNAL_SECRETS),
    ],
)
def test_what_turns_back_while_it_should_stay_is_blamed(tmp_path, turned, blamed):
    chain = Chain()
    context = chain.context(tmp_path)
    follow(context, intended(context), Hop.CLIENT)
    chain.turns[chain.fetches + 3] = lambda: chain.held.update(turned)
    stay(context, intended(context))
    judgement = judge("value-stays", context.journal.current())
    assert judgement.status is Status.FAIL
    assert judgement.culprit.component is blamed


def test_what_stays_passes(tmp_path):
    context = Chain().context(tmp_path)
    declare(context, intended(context))
    follow(context, intended(context), Hop.CLIENT)
    assert stay(context, intended(context)) is None
    assert judge("value-stays", context.journal.current()).status is Status.PASS
