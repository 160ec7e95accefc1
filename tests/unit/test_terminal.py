"""What the terminal shows, and what of it the canary scan gets to see."""

from __future__ import annotations

import io

from trustee_conformance.harness.cli.terminal import Terminal
from trustee_conformance.harness.errors import HarnessError
from trustee_conformance.harness.model.canary import Canaries


def test_a_long_secret_is_found_in_what_was_written():
    secret = "x1" * 400
    canaries = Canaries()
    canaries.add("token", secret)
    terminal = Terminal(io.StringIO())
    terminal.say(f"{'word ' * 15}{secret}")
    terminal.progress(secret)
    assert canaries.find(terminal.written) == ["token (raw)"]


def test_an_error_is_shown_without_the_secrets_of_the_run():
    canaries, out = Canaries(), io.StringIO()
    canaries.add("token", "a-secret-of-many-bytes")
    terminal = Terminal(out)
    terminal.redact = canaries.redact
    terminal.error(HarnessError("no: a-secret-of-many-bytes", log="log a-secret-of-many-bytes"))
    assert "a-secret-of-many-bytes" not in out.getvalue()
    assert out.getvalue().count("<token (raw)>") == 2


def test_progress_on_one_thing_is_told_once_in_a_while_off_a_terminal():
    out = io.StringIO()
    terminal = Terminal(out)
    for number in range(50):
        terminal.progress(f"kubernetes: {number} of 50 packages compiled")
    terminal.progress("external-secrets: getting its modules")
    assert len(out.getvalue().splitlines()) == 2


def test_text_is_never_taken_for_markup():
    out = io.StringIO()
    Terminal(out).error(HarnessError("expected [bold] and [/nothing]"))
    assert "expected [bold] and [/nothing]" in out.getvalue()
