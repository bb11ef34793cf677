"""The head of a request, within its limit."""

from collections.abc import Mapping
from typing import Any

from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.serve.limits import ServerLimits


def check_head(scope: Mapping[str, Any], limits: ServerLimits) -> None:
    """Look at the size of a head that came whole; the parser only looks at unfinished ones.

    Raises:
        RefusalError: it is too large.
    """
    lines = [(scope["raw_path"], scope["query_string"]), *scope["headers"]]
    if sum(len(name) + len(value) for name, value in lines) > limits.head:
        raise head_too_large(limits)


def head_too_large(limits: ServerLimits) -> RefusalError:
    """The refusal, for whoever notices."""
    return RefusalError(
        f"The head of the request is larger than {limits.head} bytes.",
        status=431,
        code="request_header_fields_too_large",
        headers={"connection": "close"},
    )
