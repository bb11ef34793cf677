"""Quirks: what a server does not accept, and how to detect it.

A quirk is a name and a test. When a server refuses a request and the test matches the refusal, the
request is sent again with the quirk applied. If that succeeds, the quirk is remembered for the
model as long as the process lives. Tests run in the order of the adapter's tuple.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from openai_cli.engine.models.upstream.upstream_errors import UpstreamError
from openai_cli.engine.strict_json import JsonObject


class Quirk(NamedTuple):
    """Something that a server may not accept."""

    name: str
    """The field to omit, or the name of the workaround."""
    explains: Callable[[UpstreamError, JsonObject], bool]
    """Whether the quirk is the reason for the refusal of a request."""


Quirks = frozenset[str]
"""The names of the quirks that a model is known to have."""

_ROLES = re.compile(
    r"roles? must alternate|must alternate between|requests alternate between|"
    r"system (role|message)s? (is |are )?not (be )?(supported|allowed)|"
    r"only (the )?user(, | and )(model|assistant)|only user and assistant|"
    r"(first|conversation) .{0,40}(must|should|has to) (be|start|begin|use) .{0,20}user|"
    r"expected last role",
    re.I,
)


def _is_about_roles(error: UpstreamError, _body: JsonObject) -> bool:
    # Some servers answer 500 if the template raises an error.
    return error.status not in (401, 403, 404, 429) and _ROLES.search(error.text) is not None


STRICT_ROLES = Quirk("strict roles", _is_about_roles)
"""User and assistant must alternate, without a system role: see `strict_roles`."""
