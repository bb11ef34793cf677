"""What a server may not take, and how it is noticed.

A quirk is a name and a test. When a server refuses a request and the test says that this is why,
the request is made again with the quirk among its `quirks`; once that is answered, the model is
asked so for as long as the process lives. The tests of an adapter's tuple are asked in order.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from openai_cli.engine.models.upstream.upstream_errors import UpstreamError
from openai_cli.engine.strict_json import JsonObject


class Quirk(NamedTuple):
    """Something that a server turned out not to take."""

    name: str
    """The field that is left out then, or what is done instead."""
    explains: Callable[[UpstreamError, JsonObject], bool]
    """Whether it is the reason for a refusal of a request."""


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
    # A template that raises is a fault of the server to some of them, with a 500.
    return error.status not in (401, 403, 404, 429) and _ROLES.search(error.text) is not None


STRICT_ROLES = Quirk("strict roles", _is_about_roles)
"""User and assistant must take turns, and no system speaks: see `strict_roles`."""
