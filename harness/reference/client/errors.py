"""How kbs-client fails, and how it prints what KBS said."""

from __future__ import annotations

import json
from dataclasses import dataclass

import requests


class ClientError(Exception):
    """The last line on stderr, without `Error: ` before it."""


@dataclass(frozen=True, slots=True)
class ErrorInformation:
    """What KBS says when it refuses (kbs-types `ErrorInformation`).

    Attributes:
        error_type: A URL whose last part names the error.
        detail: The words.
    """

    error_type: str
    detail: str

    @classmethod
    def read(cls, answer: requests.Response) -> ErrorInformation:
        """Read a refusal's body.

        Raises:
            ClientError: it holds something else.
        """
        try:
            body = json.loads(answer.text)
            return cls(str(body["type"]), str(body["detail"]))
        except (ValueError, KeyError, TypeError):
            raise ClientError(
                "deserialize http response failed: error decoding response body "
                f"(HTTP status {answer.status_code})"
            ) from None

    def __str__(self) -> str:
        """One line, as Rust prints a structure for people who debug."""
        return (
            f"ErrorInformation {{ error_type: {quoted(self.error_type)}, "
            f"detail: {quoted(self.detail)} }}"
        )

    def lines(self) -> str:
        """A line for each member."""
        return (
            f"ErrorInformation {{\n    error_type: {quoted(self.error_type)},\n"
            f"    detail: {quoted(self.detail)},\n}}"
        )


def quoted(text: str) -> str:
    """Return a text in quotes, as Rust prints it for people who debug."""
    return json.dumps(text, ensure_ascii=False)
