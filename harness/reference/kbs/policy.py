"""The resource policy: Rego, read and evaluated at every request.

Source: confidential-containers/trustee `kbs/src/policy_engine/opa/mod.rs` (v0.17) and
`deps/policy-engine/src/policy/rego.rs` (v0.21): `data.policy.allow` over the request as data and
the token's claims as input; a policy that does not give true or false is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regopy import Interpreter, LogLevel, RegoError

DENY_SAMPLE = """\
# Resources are served to all that attested, but not on sample evidence, which proves nothing.
package policy

default allow = false

sample if {
    input["submods"][_]["ear.veraison.annotated-evidence"]["sample"]
}

allow if {
    data.plugin == "resource"
    not sample
}
"""
"""What KBS writes where it finds no policy at its start: the same decisions, in words of ours."""

PACKAGE = re.compile(r"(?:\s|#[^\n]*(?:\n|\Z))*package\s")
"""A Rego module begins with its package, comments aside."""


class PolicyError(Exception):
    """The policy cannot be read or evaluated."""


@dataclass(frozen=True, slots=True)
class ResourcePolicy:
    """The policy that decides who is served.

    Attributes:
        path: Its file; `None` where KBS keeps it in memory.
    """

    path: Path | None

    def prepare(self) -> None:
        """Write the default where there is no policy.

        Raises:
            OSError: it cannot be written.
        """
        if self.path is not None and not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(DENY_SAMPLE)

    def allows(self, plugin: str, path: str, query: Mapping[str, str], claims: Any) -> bool:
        """Tell whether the policy allows a request.

        Args:
            plugin: The plugin that is asked.
            path: What is asked of it.
            query: The query of the URL.
            claims: The token's claims.

        Raises:
            PolicyError: it cannot be evaluated.
        """
        request = {"plugin": plugin, "resource-path": path.split("/"), "query": dict(query)}
        return evaluate(self._text(), request, claims)

    def _text(self) -> str:
        if self.path is None:
            return DENY_SAMPLE
        try:
            return self.path.read_text()
        except (OSError, UnicodeDecodeError):
            raise PolicyError("Failed to load policy") from None


def evaluate(policy: str, data: Mapping[str, Any], claims: Any) -> bool:
    """Return `data.policy.allow`.

    The rule is bound to a variable because the engine prints a default of false like a rule
    that is not there.

    Raises:
        PolicyError: the policy is not Rego, or gives neither true nor false.
    """
    if not PACKAGE.match(policy):
        raise PolicyError("Failed to load policy: a package is expected")
    engine = Interpreter()
    engine.log_level = LogLevel.NONE
    try:
        engine.add_module("policy.rego", policy)
        engine.add_data_json(json.dumps(data))
        engine.set_input(claims)
        output = engine.query("allow = data.policy.allow")
    except (RegoError, ValueError) as error:
        raise PolicyError(f"Failed to load policy: {_first_line(error)}") from None
    allow = [result.bindings.get("allow") for result in output.results]
    if allow not in ([True], [False]):
        raise PolicyError("Failed to eval policy: allow is neither true nor false")
    return allow == [True]


def _first_line(error: Exception) -> str:
    said = re.search(r"errormsg \d+:([^)\n]*)", str(error))
    return said.group(1) if said else type(error).__name__
