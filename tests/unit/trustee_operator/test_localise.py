"""A KBS configuration is made to fit a pod without a root of its own."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st
from trustee_conformance.harness.reference.operator.localise import localised
from trustee_conformance.harness.reference.operator.releases import GENERATIONS
from trustee_conformance.harness.reference.operator.texts import kbs_config

ROOT = Path("/root-of-pod")
words = st.text(st.characters(codec="utf-8", exclude_characters="/", exclude_categories=["C"]))
values = st.recursive(
    st.integers(-9, 9) | st.booleans() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=10,
)


def inside(path: str) -> Path:
    return ROOT / path.lstrip("/")


@given(st.dictionaries(words.filter(lambda key: key != "http_server"), values, max_size=4))
def test_what_is_no_path_stays(config):
    assert tomllib.loads(localised(tomli_w.dumps(config), inside, "host:1")) == config


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("restricted", [False, True])
def test_every_path_of_a_generated_configuration_is_below_the_root(generation, restricted):
    given_text = kbs_config(GENERATIONS[generation], restricted=restricted)
    config = localised(given_text, inside, "127.0.0.1:1")
    assert tomllib.loads(config)["http_server"]["sockets"] == ["127.0.0.1:1"]
    assert config.count('"/root-of-pod/') == given_text.count('"/') > 0


def test_what_is_no_toml_is_left_to_kbs():
    assert localised("[broken", inside, "host:1") == "[broken"
