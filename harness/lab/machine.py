"""What this machine is to a kind cluster: probed, not assumed; nothing is changed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..errors import EnvironmentFailed
from .docker import Docker

CAP_SYS_RESOURCE = 24
"""The number of the capability; source: linux `include/uapi/linux/capability.h`."""
PLAIN = {"runc", "io.containerd.runc.v2", "crun"}
"""Runtimes that ask for every capability where a container is privileged."""
WRAPPER = "oci-runtime-wrapper"
WRAPPED = f"/usr/local/sbin/{WRAPPER}"


@dataclass(frozen=True, slots=True)
class Machine:
    """What matters of the machine and its engine.

    Attributes:
        engine: The engine's version.
        cgroup: The version of cgroups that containers are in, 1 or 2.
        cgroup_driver: Who makes Docker's cgroups.
        sys_resource: Whether this machine's root may have CAP_SYS_RESOURCE.
        runtime: The OCI runtime that Docker uses unless told.
    """

    engine: str
    cgroup: int
    cgroup_driver: str
    sys_resource: bool
    runtime: str

    @property
    def lacks_wrapper(self) -> bool:
        """Whether privileged containers, and so kind's nodes, will not start."""
        return not self.sys_resource and self.runtime in PLAIN

    def check(self) -> None:
        """See that a node can be started.

        Raises:
            EnvironmentFailed: it cannot.
        """
        if self.lacks_wrapper:
            raise EnvironmentFailed(
                "expected a runtime that starts privileged containers: here even root has no "
                f"CAP_SYS_RESOURCE, and docker's default runtime {self.runtime} asks for it",
                hint="`trustee-conformance lab engine` prints a runtime that does not, and how to "
                "start dockerd with it",
            )


def probe(docker: Docker, status: Path = Path("/proc/self/status")) -> Machine:
    """Return what the machine is.

    Args:
        docker: Its engine.
        status: Where the kernel tells this process's capabilities.
    """
    info: dict[str, Any] = docker.info
    return Machine(
        engine=str(info.get("ServerVersion", "")),
        cgroup=int(info.get("CgroupVersion") or 1),
        cgroup_driver=str(info.get("CgroupDriver", "")),
        sys_resource=may(CAP_SYS_RESOURCE, status.read_text()),
        runtime=str(info.get("DefaultRuntime", "")),
    )


def may(capability: int, status: str) -> bool:
    """Tell whether a capability is in the bounding set that a `/proc/PID/status` shows."""
    found = re.search(r"^CapBnd:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return found is None or bool(int(found[1], 16) >> capability & 1)


def wrapper() -> str:
    """Return the runtime for machines without CAP_SYS_RESOURCE, a Python script."""
    return (files(__package__) / "files" / WRAPPER).read_text()


def engine_script(*, sys_resource: bool) -> str:
    """Return a shell script that installs and starts an engine on a Debian machine.

    Args:
        sys_resource: Whether root may have CAP_SYS_RESOURCE; if not, the wrapper is in the script.
    """
    lines = [
        "#!/bin/sh",
        "# Installs Docker from Debian's packages and starts it, as root, until the machine stops.",
        "set -eu",
        "apt-get update",
        "apt-get install -y --no-install-recommends docker.io iptables debootstrap",
    ]
    options = ""
    if not sys_resource:
        lines += [f"cat > {WRAPPED} <<'END'", wrapper().rstrip("\n"), "END", f"chmod 755 {WRAPPED}"]
        options = f" --add-runtime lab={WRAPPED} --default-runtime lab"
    lines.append(f"nohup dockerd{options} > /var/log/dockerd.log 2>&1 &")
    return "\n".join(lines) + "\n"
