"""Configuration: every key, its default, and where a value came from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from .errors import UsageError
from .wait import Deadline

PREFIX = "TRUSTEE_CONFORMANCE_"

Seconds = Annotated[float, Field(gt=0, le=24 * 3600)]


class _Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True
    )


class KubernetesSettings(_Section):
    """The control plane of platform local."""

    etcd_path: Path | None = None
    apiserver_path: Path | None = None
    controller_manager_path: Path | None = None


class StoreSettings(_Section):
    """The secret store."""

    implementation: Literal["openbao"] = "openbao"
    path: Path | None = None


class ExternalSecretsSettings(_Section):
    """The External Secrets Operator."""

    version: Literal["v0.10.7", "v0.12.1", "v0.16.1", "v0.20.4"] = "v0.20.4"
    path: Path | None = None


class TrusteeOperatorSettings(_Section):
    """The Trustee operator; period and gap are seconds and belong to the double.

    Which release the double behaves as decides whether Secrets are mounted or copied.
    """

    implementation: Literal["reference"] = "reference"
    emulates: Literal["v0.17", "v0.18", "v0.19", "v0.21"] = "v0.17"
    period: float = Field(default=1.0, gt=0, le=600)
    gap: float = Field(default=1.0, ge=0, le=600)


class KbsSettings(_Section):
    """The key broker service; a path makes it whatever is there.

    Its version decides configuration and layout; it follows the operator's, or, with a path, is
    recognised by trying. The protocol is the double's.
    """

    implementation: Literal["reference"] = "reference"
    path: Path | None = None
    version: Literal["v0.17", "v0.21"] | None = None
    protocol: Literal["0.1.1", "0.2.0", "0.4.0"] = "0.4.0"

    @model_validator(mode="after")
    def _a_program_has_its_own_protocol(self) -> KbsSettings:
        if self.path is not None and self.protocol != "0.4.0":
            raise ValueError("protocol is for the double: a program by path speaks its own")
        return self


class KbsClientSettings(_Section):
    """kbs-client; a path makes it whatever is there."""

    implementation: Literal["reference"] = "reference"
    path: Path | None = None


class DeadlineSettings(_Section):
    """How long single waits may last, in seconds."""

    start: Seconds = 60
    auth: Seconds = 30
    sync: Seconds = 30
    delivery: Seconds = 45
    fetch: Seconds = 30
    roll: Seconds = 60
    stay: Seconds = 60

    def of(self, name: str) -> Deadline:
        """Return the deadline of that name."""
        return Deadline(name, float(getattr(self, name)))


class Settings(_Section):
    """All that can be configured."""

    profile: Literal["walkthrough", "core", "full"] = "walkthrough"
    platform: Literal["local"] = "local"
    kubernetes: KubernetesSettings = KubernetesSettings()
    store: StoreSettings = StoreSettings()
    external_secrets: ExternalSecretsSettings = ExternalSecretsSettings()
    trustee_operator: TrusteeOperatorSettings = TrusteeOperatorSettings()
    kbs: KbsSettings = KbsSettings()
    kbs_client: KbsClientSettings = KbsClientSettings()
    deadlines: DeadlineSettings = DeadlineSettings()

    @model_validator(mode="after")
    def _deadlines_leave_room(self) -> Settings:
        """A delivery takes a period and a gap; staying is watched over two periods."""
        period, gap = self.trustee_operator.period, self.trustee_operator.gap
        for name, least in {"delivery": period + gap, "stay": 2 * period}.items():
            if getattr(self.deadlines, name) <= least:
                raise ValueError(
                    f"deadlines.{name} must be over {least:g} s with trusteeOperator.period "
                    f"{period:g} and gap {gap:g}"
                )
        return self


@dataclass(frozen=True, slots=True)
class Configured:
    """Settings and where each of them came from.

    Attributes:
        settings: The settings.
        origins: For every key that is not at its default, what set it.
    """

    settings: Settings
    origins: Mapping[str, str]

    def rows(self) -> list[tuple[str, str, str]]:
        """Return key, value and origin of every key."""
        flat = _flatten(self.settings.model_dump(mode="json", by_alias=True))
        return [
            (key, "" if value is None else str(value), self.origins.get(key, "default"))
            for key, value in flat.items()
        ]


def configure(
    file: Path | None = None,
    assignments: Sequence[str] = (),
    options: Mapping[str, str | None] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Configured:
    """Put the configuration together: options and --set over environment over file over defaults.

    Args:
        file: A YAML file of nested keys.
        assignments: `KEY=VALUE` of `--set`.
        options: Values of options that have a key of their own; `None` where not given.
        environment: The environment, the process's own by default.

    Raises:
        UsageError: a key is unknown, a value is of the wrong type, a path cannot be used.
    """
    layers = [
        _from_file(file),
        _from_environment(os.environ if environment is None else environment),
        _from_assignments(assignments),
        {key: (value, f"--{key}") for key, value in (options or {}).items() if value is not None},
    ]
    merged = {key: found for layer in layers for key, found in layer.items()}
    _refuse_unknown(merged)
    try:
        settings = Settings.model_validate(
            _nest({key: value for key, (value, _) in merged.items()})
        )
    except ValidationError as error:
        raise UsageError(_told(error, merged)) from None
    _check_paths(settings, merged)
    return Configured(settings, {key: origin for key, (_, origin) in merged.items()})


def known_keys() -> list[str]:
    """Return every configuration key."""
    return list(_flatten(Settings().model_dump(mode="json", by_alias=True)))


def environment_name(key: str) -> str:
    """Return the environment variable of a key: `externalSecrets.version` has
    `TRUSTEE_CONFORMANCE_EXTERNAL_SECRETS_VERSION`.
    """  # noqa: D205 - an example belongs to the first sentence
    spelt = "".join(f"_{letter}" if letter.isupper() else letter for letter in key)
    return PREFIX + spelt.replace(".", "_").upper()


_Layer = dict[str, tuple[Any, str]]


def _from_file(file: Path | None) -> _Layer:
    if file is None:
        return {}
    try:
        data = yaml.safe_load(file.read_text())
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(
            f"configuration file {file}: {type(error).__name__}",
            hint="give a readable YAML file with --config",
        ) from None
    if not isinstance(data or {}, dict):
        raise UsageError(f"configuration file {file}: expected keys and values")
    return {key: (value, str(file)) for key, value in _flatten(data or {}).items()}


def _from_environment(environment: Mapping[str, str]) -> _Layer:
    by_name = {environment_name(key): key for key in known_keys()}
    given = {name: text for name, text in environment.items() if name.startswith(PREFIX)}
    for name in given:
        if name not in by_name:
            raise UsageError(
                f"environment variable {name} stands for no key",
                hint="`trustee-conformance doctor` lists the keys",
            )
    return {by_name[name]: (text, name) for name, text in given.items()}


def _from_assignments(assignments: Iterable[str]) -> _Layer:
    layer: _Layer = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise UsageError(f"--set {assignment}: expected KEY=VALUE")
        layer[key.strip()] = (text, f"--set {key.strip()}")
    return layer


def _refuse_unknown(merged: _Layer) -> None:
    known = known_keys()
    for key, (_, origin) in merged.items():
        if key not in known:
            near = [one for one in known if one.rpartition(".")[2] == key.rpartition(".")[2]]
            hint = f"did you mean {near[0]}?" if near else "`trustee-conformance doctor` lists them"
            raise UsageError(f"unknown configuration key {key} ({origin})", hint=hint)


def _check_paths(settings: Settings, merged: _Layer) -> None:
    for key, value in _flatten(settings.model_dump(by_alias=True)).items():
        if isinstance(value, Path):
            problem = _problem_of(value)
            if problem:
                raise UsageError(f"{key} = {value}: {problem} ({merged[key][1]})")


def _problem_of(path: Path) -> str:
    if not path.exists():
        return "there is no such file"
    if path.is_dir():
        return "expected a program, found a folder"
    return "" if os.access(path, os.X_OK) else "the file is not executable"


def _told(error: ValidationError, merged: _Layer) -> str:
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    if not key:
        return str(first["msg"])
    value, origin = merged.get(key, (first.get("input"), "configuration"))
    return f"{key} = {value!r}: {first['msg']} ({origin})"


def _flatten(data: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, dict):
            flat |= _flatten(value, f"{before}{key}.")
        else:
            flat[f"{before}{key}"] = value
    return flat


def _nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for key, value in flat.items():
        *path, last = key.split(".")
        level = nested
        for part in path:
            level = level.setdefault(part, {})
        level[last] = value
    return nested
