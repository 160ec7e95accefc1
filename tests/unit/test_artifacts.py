"""A cache entry is complete or absent, and made once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from trustee_conformance.harness.artifacts.cache import Cache
from trustee_conformance.harness.artifacts.catalogue import ALL
from trustee_conformance.harness.artifacts.provide import Provider
from trustee_conformance.harness.artifacts.recipe import Artifact, digest_of
from trustee_conformance.harness.errors import EnvironmentFailed


class Recipe:
    """Makes one file, after what the test wants to happen meanwhile."""

    source = "made up"
    digest = digest_of("made up")

    def __init__(self, meanwhile=lambda into: None) -> None:
        self.times = 0
        self.meanwhile = meanwhile

    def make(self, into: Path, cache: Path, progress) -> None:
        self.times += 1
        (into / "program").write_text("#!")
        self.meanwhile(into)


def artifact(recipe: Recipe) -> Artifact:
    return Artifact("thing", "v1", recipe, {"program": "program"})


def silent(_: str) -> None:
    pass


def test_what_was_made_is_there_the_next_time(tmp_path):
    recipe = Recipe()
    cache = Cache(tmp_path)
    first = cache.provide(artifact(recipe), silent)
    assert (first / "program").read_text() == "#!"
    assert cache.provide(artifact(recipe), silent) == first
    assert recipe.times == 1


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_what_was_interrupted_is_absent_and_made_anew(tmp_path, error):
    def stumble(_: Path) -> None:
        raise error

    cache = Cache(tmp_path)
    with pytest.raises(error):
        cache.provide(artifact(Recipe(stumble)), silent)
    assert not cache.has(artifact(Recipe()))
    assert list((tmp_path / "making").iterdir()) == []
    assert cache.provide(artifact(Recipe()), silent).is_dir()


def test_an_entry_without_its_file_is_never_kept(tmp_path):
    forgetful = Recipe(lambda into: (into / "program").unlink())
    with pytest.raises(EnvironmentFailed, match="made without its program"):
        Cache(tmp_path).provide(artifact(forgetful), silent)
    assert not Cache(tmp_path).has(artifact(forgetful))


def test_two_at_once_make_it_once(tmp_path):
    begun, go_on = threading.Event(), threading.Event()

    def wait(_: Path) -> None:
        begun.set()
        go_on.wait(5)

    recipe, told = Recipe(wait), []
    first = threading.Thread(target=Cache(tmp_path).provide, args=(artifact(recipe), silent))
    first.start()
    begun.wait(5)
    waiting = threading.Event()

    def tell(text: str) -> None:
        told.append(text)
        waiting.set()

    second = threading.Thread(target=Cache(tmp_path).provide, args=(artifact(recipe), tell))
    second.start()
    waiting.wait(5)
    go_on.set()
    first.join(5)
    second.join(5)
    assert recipe.times == 1
    assert "another process" in told[0]


def test_a_path_that_was_given_wins(tmp_path):
    recipe, given = Recipe(), tmp_path / "mine"
    given.write_text("")
    provided = Provider(Cache(tmp_path), silent).file(artifact(recipe), "program", given)
    assert provided.path == given
    assert recipe.times == 0


def test_clean_empties_the_cache(tmp_path):
    cache = Cache(tmp_path)
    folder = cache.provide(artifact(Recipe()), silent)
    folder.chmod(0o500)
    assert cache.clean() > 0
    assert not cache.has(artifact(Recipe()))


def test_every_pin_has_a_key_of_its_own():
    assert len({one.key for one in ALL}) == len(ALL)
