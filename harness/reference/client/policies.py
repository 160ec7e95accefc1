"""The resource policies that kbs-client has built in, in words of ours."""

from __future__ import annotations

_DENY = "package policy\n\ndefault allow = false\n"

_AFFIRMING = (
    _DENY
    + """
appraisals := [one | one := input["submods"][_]]

affirmed := [one | one := appraisals[_]; one["ear.status"] == "affirming"]

allow if {
    count(appraisals) > 0
    count(affirmed) == count(appraisals)
}
"""
)

BUILT_IN = {
    "allow-all": "package policy\n\ndefault allow = true\n",
    "deny-all": _DENY,
    "affirming": _AFFIRMING,
    "default": _DENY,
}
"""By their flags. `--default` denies all, as that of v0.19 to v0.21 does by mistake."""
