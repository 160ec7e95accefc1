"""What docker holds of the lab, told by an engine of a few lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from trustee_conformance.harness.artifacts.cache import Cache
from trustee_conformance.harness.errors import EnvironmentFailed
from trustee_conformance.harness.lab import building
from trustee_conformance.harness.lab.archive import Image
from trustee_conformance.harness.lab.building import Lab
from trustee_conformance.harness.lab.docker import Docker
from trustee_conformance.harness.lab.layers import Text, layer_of

ENGINE = """\
#!/usr/bin/env python3
# `docker`, whose images are in the file state.json beside it
import io, json, pathlib, sys, tarfile
here = pathlib.Path(__file__).parent
state, words = here / "state.json", sys.argv[1:]
images = json.loads(state.read_text()) if state.exists() else []
if (here / "down").exists():
    print(json.dumps({"ServerErrors": ["Cannot connect to the Docker daemon"]}))
    sys.exit(1)
if words[0] == "info":
    print(json.dumps({"ServerVersion": "1", "CgroupVersion": "1", "DefaultRuntime": "runc"}))
elif words[:2] == ["image", "ls"]:
    print("\\n".join(one["Id"] for one in images))
elif words[0] == "inspect":
    print(json.dumps([one for one in images if one["Id"] in words[1:]]))
elif words[:2] == ["image", "rm"]:
    if (here / "used").exists():
        sys.exit("in use")
    gone = set(words[2:])
    state.write_text(json.dumps([o for o in images if not gone & {o["Id"], *o["RepoTags"]}]))
elif words[0] == "load":
    if (here / "full").exists():
        sys.exit("no space left on device")
    with tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read())) as archive:
        for one in json.load(archive.extractfile("manifest.json")):
            for old in images:
                old["RepoTags"] = [n for n in old["RepoTags"] if n not in one["RepoTags"]]
            labels = json.load(archive.extractfile(one["Config"]))["config"]["Labels"]
            images = [old for old in images if old["Id"] != one["Config"]]
            new = {"Id": one["Config"], "RepoTags": one["RepoTags"], "Size": 1}
            images.append(new | {"Config": {"Labels": labels}})
    state.write_text(json.dumps(images))
else:
    sys.exit(f"no such command: {words}")
"""


def silent(_: object) -> None:
    pass


def image(content: str = "x") -> Image:
    layer = layer_of("it", "v1", Text("/it", content))
    return Image("it", "localhost/trustee-conformance/it:v1", "v1", (layer,))


@pytest.fixture
def engine(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "docker").write_text(ENGINE)
    (folder / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return folder


@pytest.fixture
def made_of(monkeypatch):
    """Let the lab be one image with this content."""

    def set_to(content: str) -> Image:
        one = image(content)
        monkeypatch.setattr(building, "every", lambda: (one,))
        monkeypatch.setattr(building, "control_plane", tuple)
        return one

    return set_to


def lab(tmp_path: Path) -> Lab:
    return Lab(Docker.found(), Cache(tmp_path / "cache"), silent)


def test_what_was_built_is_found_and_not_built_again(tmp_path, engine, made_of):
    one, built = made_of("x"), []
    lab(tmp_path).build(built.append)
    assert built == [one]
    held = lab(tmp_path).find("it")
    assert (held.names, held.version, held.digest) == ((one.name,), "v1", one.digest)
    (engine / "full").touch()  # it would be told if it were given to docker again
    lab(tmp_path).build(silent)


def test_a_run_is_told_to_build_what_is_not_there(tmp_path, engine, made_of):
    made_of("x")
    with pytest.raises(EnvironmentFailed, match="seen: none") as caught:
        lab(tmp_path).find("it")
    assert caught.value.hint == "trustee-conformance lab build"


def test_an_image_of_other_inputs_is_not_taken_and_goes_when_it_is_built(tmp_path, engine, made_of):
    made_of("x")
    lab(tmp_path).build(silent)
    new = made_of("y")
    with pytest.raises(EnvironmentFailed, match="seen: one of other inputs"):
        lab(tmp_path).find("it")
    lab(tmp_path).build(silent)
    assert [one.digest for one in Docker.found().images()] == [new.digest]
    layers = [path.name for path in (tmp_path / "cache" / "artifacts").iterdir()]
    assert layers == [new.layers[0].key]


def test_an_image_whose_name_was_taken_is_given_to_docker_again(tmp_path, engine, made_of):
    one = made_of("x")
    lab(tmp_path).build(silent)
    state = json.loads((engine / "state.json").read_text())
    state[0]["RepoTags"] = []
    (engine / "state.json").write_text(json.dumps(state))
    assert not lab(tmp_path).rows()[0].is_current
    lab(tmp_path).build(silent)
    assert lab(tmp_path).find("it").digest == one.digest


def test_docker_that_does_not_take_an_image_is_told(tmp_path, engine, made_of):
    made_of("x")
    (engine / "full").touch()
    with pytest.raises(EnvironmentFailed, match="did not take localhost") as caught:
        lab(tmp_path).build(silent)
    assert "no space left" in caught.value.log


def test_clean_removes_images_and_layers_and_leaves_the_rest(tmp_path, engine, made_of):
    made_of("x")
    lab(tmp_path).build(silent)
    other = tmp_path / "cache" / "artifacts" / "etcd-1"
    other.mkdir()
    assert lab(tmp_path).clean() > 0
    assert Docker.found().images() == []
    assert list((tmp_path / "cache" / "artifacts").iterdir()) == [other]


def test_clean_does_not_take_an_image_from_a_container(tmp_path, engine, made_of):
    made_of("x")
    lab(tmp_path).build(silent)
    (engine / "used").touch()
    with pytest.raises(EnvironmentFailed, match="a container still uses localhost"):
        lab(tmp_path).clean()
    assert list((tmp_path / "cache" / "artifacts").iterdir()) != []


def test_without_docker_the_next_step_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFailed, match="not on PATH") as caught:
        Docker.found()
    assert "lab engine" in caught.value.hint


def test_an_engine_that_does_not_answer_is_told(engine):
    (engine / "down").touch()
    with pytest.raises(EnvironmentFailed, match="no engine answers") as caught:
        Docker.found()
    assert "Cannot connect" in caught.value.log
