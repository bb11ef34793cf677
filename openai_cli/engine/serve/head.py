"""Checks the size of a request's head."""

from collections.abc import Mapping
from typing import Any

from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.serve.limits import ServerLimits


def check_head(scope: Mapping[str, Any], limits: ServerLimits) -> None:
    """Check the size of a complete head; the parser checks only incomplete ones.

    Raises:
        RefusalError: the head is too large.
    """
    lines = [(scope["raw_path"], scope["query_string"]), *scope["headers"]]
    if sum(len(name) + len(value) for name, value in lines) > limits.head:
        raise head_too_large(limits)


def head_too_large(limits: ServerLimits) -> RefusalError:
    """The refusal of a head that is too large."""
    return RefusalError(
        f"The head of the request is larger than {limits.head} bytes.",
        status=431,
        code="request_header_fields_too_large",
        headers={"connection": "close"},
    )
