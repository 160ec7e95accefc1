"""summary.md: parsed as GitHub's tables are, and nothing from outside is markup in it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from trustee_conformance.reports.markdown import code, plain, render, table
from trustee_conformance.reports.wording import printable

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
OURS = {"text", "code_inline", "strong_open", "strong_close", "softbreak"}

anything = st.text(st.characters(exclude_categories=()))
awkward = st.text("`|\\ \n*<>&[]a", max_size=12)


def inlines(tokens: list[Token]) -> Iterator[str]:
    """Yield the text of every inline token as a reader sees it."""
    for token in tokens:
        if token.type == "inline":
            yield "".join(child.content for child in token.children)


def cells(rendered: str) -> list[list[str]]:
    """Return the text of the cells, row by row, of all tables."""
    rows: list[list[str]] = []
    for token, following in pairwise(PARSER.parse(rendered)):
        if token.type == "tr_open":
            rows.append([])
        if token.type in {"th_open", "td_open"}:
            rows[-1].append(*inlines([following]))
    return rows


def one_line(text: str) -> str:
    return " ".join(printable(text).split())


@pytest.mark.parametrize(
    ("case", "told"),
    [
        ("conformant", "conformant: 2 of 2 requirements held"),
        ("rehearsed", "rehearsed: 2 of 2 requirements held; doubles: kbs"),
        ("partial", "partial: ROTATION-001 not judged"),
        ("not-conformant", "not-conformant: ROTATION-001 did not hold"),
        ("provisional", "conformant: 1 of 2 requirements held"),
        ("error", "no verdict: ROTATION-001 not judged"),
        ("interrupted", "no verdict: interrupted: ROTATION-001 not judged"),
        ("deadline", "no verdict: deadline: ROTATION-001 not judged"),
        ("environment", "no verdict: etcd ended"),
        ("features", "no verdict: the features cannot be run"),
        ("nothing", "no verdict: nothing was selected"),
        ("leaked", "a secret was found in an artefact or in the output; conformant"),
    ],
)
def test_the_headline_says_what_the_run_came_to(report, case, told):
    title, headline, *_ = inlines(PARSER.parse(render(report(case))))
    assert title == f"trustee-conformance: {report(case).said}"
    assert headline.startswith(told)


def test_a_failure_is_told_in_full(report):
    seen = list(inlines(PARSER.parse(render(report("not-conformant")))))
    for text in (
        "ROTATION-001 The new value arrives",
        "The new value MUST arrive.",
        "culprit trustee-operator (hop kbs, edge secret->kbs)",
        "expected aa at kbs",
        "seen bb at kbs stopped",
        "step Then it arrives",
        "evidence operator: stopped",
        "next trustee-conformance run --only ROTATION-001",
    ):
        assert text in seen


def test_tables_tell_of_requirements_hops_and_parts(report):
    rows = cells(render(report("partial")))
    assert ["SYNC-001 The value arrives", "core", "pass", "2.00 s", ""] in rows
    assert ["ROTATION-001 The new value arrives", "core", "skip", "0.00 s", "not selected"] in rows
    assert ["requirement", "store->secret", "secret->kbs", "kbs->client"] in rows
    assert ["SYNC-001", "2.00 s", "", ""] in rows
    assert ["kbs", "reference", "1.0", "sha256:000000000000", "path /x"] in rows
    assert ["kubernetes: etcd", "", "3.5", "sha256:000000000000", "pinned"] in rows


@given(
    st.lists(anything | awkward, min_size=3, max_size=3), st.lists(awkward, min_size=3, max_size=3)
)
def test_cells_hold_the_text_that_was_put_in(spans, words):
    rendered = table(["a", "b", "c"], [[code(one) for one in spans], [plain(one) for one in words]])
    assert cells(rendered)[1:] == [
        [one_line(text) for text in spans],
        [one_line(text) for text in words],
    ]


@given(anything | awkward)
def test_nothing_from_outside_is_markup(report, text):
    tokens = PARSER.parse(render(report("not-conformant", text)))
    known = [token.type for token in PARSER.parse(render(report("not-conformant", "x")))]
    assert [token.type for token in tokens] == known
    for token in tokens:
        assert {child.type for child in token.children or ()} <= OURS
