"""What a kubelet does with a pod's volumes, below a folder that stands for the pod's root.

Secrets and ConfigMaps that are mounted as a folder follow their objects; what is mounted by subPath
stays as it was when the pod started. A Secret that is gone leaves its files in a running pod, and
keeps a new pod from starting.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .cluster import CONFIG_MAP, SECRET, config_map_data, secret_data
from .converter import convert, refresh
from .pod_spec import CONVERTER, Objects
from .texts import ATTESTATION_POLICY
from .volume import project

log = logging.getLogger("operator")


class FailedMount(Exception):
    """A volume cannot be set up; the pod hangs until it can. The text is the event's message."""


@dataclass(slots=True)
class Kubelet:
    """The volumes of one pod.

    Attributes:
        root: The folder that stands for the pod's root.
        objects: Where Secrets and ConfigMaps are looked up.
    """

    root: Path
    objects: Objects

    def path(self, inside: str) -> Path:
        """Return where a path of the pod is on this machine."""
        return self.root / inside.lstrip("/")

    def set_up(self, pod: dict[str, Any]) -> None:
        """Make a new pod's volumes and run its init container; nothing is left of another pod's.

        Raises:
            FailedMount: a Secret or ConfigMap is not there.
        """
        for volume in pod["volumes"]:
            if _source(volume) and self._content(volume) is None:
                raise FailedMount(f'MountVolume.SetUp failed for volume "{volume["name"]}"')
        shutil.rmtree(self.root, ignore_errors=True)
        for volume, mount in self._mounts(pod):
            self._mount(volume, mount)
        for container in pod.get("initContainers", []):
            self._run(container)

    def sync(self, pod: dict[str, Any]) -> None:
        """Let mounted folders show what their objects hold now."""
        for volume, mount in self._mounts(pod):
            if "subPath" not in mount and self._mount(volume, mount):
                log.info("volume %s shows a new content", volume["name"])
        for container in pod.get("initContainers", []):
            if container.get("restartPolicy") == "Always":
                self._run(container)

    def _mount(self, volume: dict[str, Any], mount: dict[str, Any]) -> bool:
        """Let a mount show what its volume holds; return whether that is something new."""
        place = self.path(mount["mountPath"])
        content = self._content(volume) if _source(volume) else None
        if "subPath" in mount:
            _mount_key(place, (content or {}).get(mount["subPath"]))
        elif content is None:
            place.mkdir(parents=True, exist_ok=True)
        else:
            return project(place, content)
        return False

    def _run(self, container: dict[str, Any]) -> None:
        if container["name"] != CONVERTER:
            raise ValueError(f"no program for container {container['name']}")
        options = dict(part[2:].split("=", 1) for part in container["command"] if part[:2] == "--")
        source, target = self.path(options["source"]), self.path(options["target"])
        if "follow" in options:
            refresh(source, target)
        else:
            copied = convert(source, target, options["layout"])
            log.info("%s files copied for the life of this pod", len(copied))

    def _content(self, volume: dict[str, Any]) -> dict[str, bytes] | None:
        if "secret" in volume:
            found = self.objects.get(SECRET, volume["secret"]["secretName"])
            return None if found is None else secret_data(found)
        found = self.objects.get(CONFIG_MAP, volume["configMap"]["name"])
        return None if found is None else config_map_data(found)

    def _mounts(self, pod: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            for mount in container["volumeMounts"]:
                yield volumes[mount["name"]], mount


def _mount_key(place: Path, value: bytes | None) -> None:
    """Mount one key; for one that is not there a kubelet makes a folder of its name.

    The attestation policy as the operator generates it is left out: the real operator's is a copy
    of the one that its KBS has built in, so a KBS finds its own words where nobody has edited ours.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    if value is None:
        place.mkdir(exist_ok=True)
    elif value != ATTESTATION_POLICY.encode():
        place.write_bytes(value)


def _source(volume: dict[str, Any]) -> bool:
    return "secret" in volume or "configMap" in volume
