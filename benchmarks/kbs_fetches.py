"""`python benchmarks/kbs_fetches.py [FETCHES]`: what full fetches cost the reference KBS.

A full fetch is a client of its own: the first request, the handshake and the resource, four
requests. Prints milliseconds of CPU a fetch and the memory as it goes on. Exits 1 where a fetch
costs over 10 ms or the memory still grows once the bounded table of sessions is full.
"""

from __future__ import annotations

import argparse
import logging
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import requests
import tomli_w
from trustee_conformance.harness.adapters.process import Ports
from trustee_conformance.harness.reference import jose
from trustee_conformance.harness.reference.client import rcar
from trustee_conformance.harness.reference.client.http import Http
from trustee_conformance.harness.wait import Deadline, wait_until

PATH, VALUE = "default/one/key", b"value"
MOST_MS = 10.0
MOST_GROWTH = 0.05
"""Part by which memory may grow between two thirds of the fetches and their end."""


def main() -> None:
    """Run, print, exit."""
    parser = argparse.ArgumentParser()
    parser.add_argument("fetches", nargs="?", type=int, default=10_000)
    fetches = parser.parse_args().fetches
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as (url, process):
        fetch(url)
        before = cpu(process)
        memory = []
        for number in range(1, fetches + 1):
            fetch(url)
            if number % max(1, fetches // 12) == 0:
                memory.append(process.memory_info().rss / (1 << 20))
                spent = (cpu(process) - before) * 1000 / number
                say(f"{number:6} fetches: {spent:.2f} ms of CPU each, {memory[-1]:.1f} MiB")
    growth = memory[-1] / memory[len(memory) * 2 // 3] - 1
    say(f"{spent:.2f} ms of CPU a fetch; memory grew by {growth:.1%} in the last third")
    sys.exit(spent > MOST_MS or growth > MOST_GROWTH)


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def fetch(url: str) -> None:
    """Make one full fetch."""
    with Http(url, None, rcar.USER_AGENT) as http:
        key = jose.new_key()
        if rcar.get_resource(http, rcar.Attester(http, key), key, PATH) != VALUE:
            sys.exit("another value than the one in the repository")


def cpu(process: psutil.Process) -> float:
    """Return the seconds of CPU that a process has used."""
    times = process.cpu_times()
    return float(times.user + times.system)


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Serve a repository with one resource."""
    (folder / "default" / "one").mkdir(parents=True)
    (folder / PATH).write_bytes(VALUE)
    (folder / "policy.rego").write_text("package policy\ndefault allow = true\n")
    with closing(Ports()) as ports:
        [port] = ports.take(1)
        (folder / "kbs.toml").write_text(tomli_w.dumps(config(folder, port)))
        program = "trustee_conformance.harness.reference.kbs"
        command = [sys.executable, "-m", program, "-c", str(folder / "kbs.toml")]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            url = f"http://127.0.0.1:{port}"
            expected = {"expected": "KBS to answer", "deadline": Deadline("start", 20)}
            wait_until(lambda: answers(url), bool, **expected)
            yield url, psutil.Process(process.pid)
            process.terminate()


def config(folder: Path, port: int) -> dict[str, object]:
    """Return a configuration in the format of v0.17."""
    return {
        "http_server": {"sockets": [f"127.0.0.1:{port}"], "insecure_http": True},
        "admin": {"type": "DenyAll"},
        "attestation_token": {"insecure_key": True},
        "policy_engine": {"policy_path": str(folder / "policy.rego")},
        "plugins": [{"name": "resource", "type": "LocalFs", "dir_path": str(folder)}],
    }


def answers(url: str) -> bool:
    """Tell whether KBS answers."""
    try:
        return requests.get(f"{url}/metrics", timeout=5).ok
    except requests.ConnectionError:
        return False


if __name__ == "__main__":
    main()
