"""Docker, by its command line."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..adapters.command import Ended, leashed, run
from ..artifacts.recipe import Progress
from ..errors import EnvironmentFailed
from .archive import DIGEST_LABEL, LABEL, VERSION_LABEL, Assembled, write

START_IT = "start it; `trustee-conformance lab engine` prints how, where no service does it"


@dataclass(frozen=True, slots=True)
class Held:
    """An image of the lab that Docker holds.

    Attributes:
        id: Its id.
        names: Its names with tags; empty where another image has taken them.
        kind: Which image of the lab it is.
        version: The version of what is in it.
        digest: The digest of what it was made of.
        size: The bytes that Docker counts.
    """

    id: str
    names: tuple[str, ...]
    kind: str
    version: str
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Docker:
    """An engine that answers.

    Attributes:
        program: The command.
        info: What `docker info` says.
    """

    program: Path
    info: dict[str, Any]

    @classmethod
    def found(cls) -> Docker:
        """Return the engine of this machine.

        Raises:
            EnvironmentFailed: there is no command, or no engine answers it.
        """
        program = shutil.which("docker")
        if program is None:
            raise EnvironmentFailed(
                "docker is needed here and is not on PATH",
                hint="apt-get install docker.io iptables, or `trustee-conformance lab engine`",
            )
        done = run([program, "info", "--format", "{{json .}}"])
        info = _object(done.output)
        if done.status != 0 or info.get("ServerErrors") or not info.get("ServerVersion"):
            log = "\n".join([*info.get("ServerErrors", []), done.errors.strip()]).strip()
            raise EnvironmentFailed("docker is there and no engine answers", hint=START_IT, log=log)
        return cls(Path(program), info)

    def images(self) -> list[Held]:
        """Return every image of the lab.

        Raises:
            EnvironmentFailed: Docker does not say.
        """
        wanted = ("image", "ls", "--all", "--no-trunc", "--quiet", f"--filter=label={LABEL}")
        ids = sorted(set(self._must("list images", *wanted).split()))
        if not ids:
            return []
        return [_held(one) for one in json.loads(self._must("show images", "inspect", *ids))]

    def load(self, image: Assembled, progress: Progress) -> None:
        """Give Docker an image; it has the whole of it or nothing.

        Raises:
            EnvironmentFailed: Docker did not take it.
        """
        done, total = 0, max(image.size, 1)

        def told(size: int) -> None:
            nonlocal done
            progress(f"docker: taking in {image.names[0]}, {done * 100 // total} %")
            done += size

        command: list[str | Path] = [self.program, "load", "--quiet"]
        with leashed(command, None, None, stdin=subprocess.PIPE) as process:
            _feed(process, image, told)
            errors = process.stderr.read() if process.stderr else ""
        if process.returncode != 0:
            raise EnvironmentFailed(
                f"docker did not take {image.names[0]}",
                hint="read the last lines above; is there space where docker keeps its images?",
                log=errors[-2000:],
            )

    def remove(self, images: Sequence[Held]) -> list[Held]:
        """Remove images; return those that something still uses."""
        used = []
        for one in images:
            names = one.names or (one.id,)
            if self.call("image", "rm", *names).status != 0:
                used.append(one)
        return used

    def call(self, *arguments: str) -> Ended:
        """Run a docker command to its end."""
        return run([self.program, *arguments])

    def _must(self, what: str, *arguments: str) -> str:
        done = self.call(*arguments)
        if done.status != 0:
            raise EnvironmentFailed(
                f"docker did not {what}", hint=START_IT, log=done.errors[-2000:]
            )
        return done.output


def _feed(process: subprocess.Popen[str], image: Assembled, told: Callable[[int], None]) -> None:
    if not isinstance(process.stdin, io.TextIOWrapper):
        raise TypeError("docker load was started without a pipe")
    with contextlib.suppress(BrokenPipeError):  # its exit status and errors tell why
        write([image], process.stdin.buffer, told)
        process.stdin.close()


def _held(found: dict[str, Any]) -> Held:
    labels = found["Config"]["Labels"]
    return Held(
        id=found["Id"],
        names=tuple(found.get("RepoTags") or ()),
        kind=labels[LABEL],
        version=labels.get(VERSION_LABEL, ""),
        digest=labels.get(DIGEST_LABEL, ""),
        size=int(found["Size"]),
    )


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
