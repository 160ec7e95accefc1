"""Layers and images depend on what is in them and on nothing else."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from pathlib import Path

import pytest
from trustee_conformance.harness.artifacts.cache import Cache
from trustee_conformance.harness.artifacts.recipe import Artifact, digest_of
from trustee_conformance.harness.lab.archive import (
    DIGEST_LABEL,
    LABEL,
    VERSION_LABEL,
    Image,
    assemble,
    write,
)
from trustee_conformance.harness.lab.debian import Debian
from trustee_conformance.harness.lab.layers import (
    LAYER,
    Link,
    Program,
    Text,
    layer_in,
    layer_of,
)


def silent(_: object) -> None:
    pass


class Made:
    """Makes a program that says something."""

    source = "made up"

    def __init__(self, said: str = "hello") -> None:
        self.said = said
        self.digest = digest_of(said)

    def make(self, into: Path, cache: Path, progress) -> None:
        (into / "program").write_text(self.said)


def program(said: str = "hello") -> Program:
    return Program("/usr/bin/it", Artifact("it", "v1", Made(said), {"it": "program"}), "it")


def entries(path: Path) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(path) as archive:
        return {one.name: one for one in archive.getmembers()}


def test_a_layer_holds_its_files_and_the_folders_above_them(tmp_path):
    contents = (program(), Text("/etc/it/conf", "x", 0o600), Link("/usr/bin/that", "it"))
    layer = layer_of("it", "v1", *contents)
    found = entries(Cache(tmp_path).provide(layer, silent) / layer.files[LAYER])
    folders = ["usr", "usr/bin", "etc", "etc/it"]
    assert set(found) == {*folders, "usr/bin/it", "etc/it/conf", "usr/bin/that"}
    names = list(found)
    assert names.index("usr") < names.index("usr/bin") < names.index("usr/bin/it")
    assert (found["usr/bin/it"].mode, found["usr/bin/it"].size) == (0o755, 5)
    assert found["etc/it/conf"].mode == 0o600
    assert found["usr/bin/that"].linkname == "it"
    assert {(one.uid, one.gid, one.mtime) for one in found.values()} == {(0, 0, 0)}


def test_two_layers_of_the_same_files_are_the_same(tmp_path):
    layer = layer_of("it", "v1", program(), Text("/a", "b"))
    paths = [Cache(tmp_path / str(n)).provide(layer, silent) / layer.files[LAYER] for n in range(2)]
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize(
    "other", [program("bye"), Text("/usr/bin/it", "hello"), Link("/usr/bin/it", "x")]
)
def test_a_layer_of_something_else_has_another_key(other):
    assert layer_of("it", "v1", program()).key != layer_of("it", "v1", other).key


def test_a_tree_keeps_owners_modes_and_links_and_leaves_out_what_is_to_be(tmp_path):
    root = tmp_path / "root"
    (root / "bin").mkdir(parents=True)
    (root / "bin" / "su").write_text("x")
    (root / "bin" / "su").chmod(0o4755)
    os.link(root / "bin" / "su", root / "bin" / "su2")
    (root / "sh").symlink_to("bin/su")
    (root / "log").write_text("much")
    with layer_in(tmp_path) as layer:
        layer.tree(root, "", lambda name: name == "log")
    found = entries(tmp_path / "layer.tar")
    assert set(found) == {"bin", "bin/su", "bin/su2", "sh"}
    assert found["bin/su"].mode == 0o4755
    assert found["bin/su"].uid == os.getuid()
    assert found["bin/su2"].linkname == "bin/su"
    assert found["sh"].linkname == "bin/su"


def image(*contents: Text, **config: object) -> Image:
    return Image("it", "localhost/it:v1", "v1", (layer_of("it", "v1", *contents),), config)


def test_an_image_says_by_labels_which_it_is_before_it_is_built():
    one, other = image(Text("/a", "b")), image(Text("/a", "c"))
    assert one.digest != other.digest
    assert one.digest != image(Text("/a", "b"), User="1").digest
    assert one.all_labels() == {LABEL: "it", VERSION_LABEL: "v1", DIGEST_LABEL: one.digest}


def test_an_archive_is_as_docker_and_containerd_read_it(tmp_path):
    below = layer_of("below", "v1", Text("/shared", "x"))
    images = [
        Image(n, f"localhost/{n}:v1", "v1", (below, layer_of(n, "v1", Text(f"/{n}", n))))
        for n in ("one", "two")
    ]
    cache, out, told = Cache(tmp_path), io.BytesIO(), []
    write([assemble(one, cache, silent) for one in images], out, told.append)
    out.seek(0)
    with tarfile.open(fileobj=out) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))
        assert [one["RepoTags"] for one in manifest] == [["localhost/one:v1"], ["localhost/two:v1"]]
        assert len({name for one in manifest for name in one["Layers"]}) == 3 == len(told)
        for one in manifest:
            raw = archive.extractfile(one["Config"]).read()
            assert one["Config"] == hashlib.sha256(raw).hexdigest() + ".json"
            config = json.loads(raw)
            digests = [
                "sha256:" + hashlib.sha256(archive.extractfile(name).read()).hexdigest()
                for name in one["Layers"]
            ]
            assert config["rootfs"]["diff_ids"] == digests
            assert config["config"]["Labels"][LABEL] in {"one", "two"}


def test_what_debian_leaves_out_decides_its_digest():
    assert Debian(("a", "b")).digest != Debian(("a",), ("b",)).digest
    assert Debian(("a",)).digest != Debian(("b",)).digest
