"""Quirks of Responses servers. To add one, append it to `QUIRKS`."""

from openai_cli.engine.models.upstream.quirks import STRICT_ROLES, Quirk
from openai_cli.engine.models.upstream.upstream_errors import UpstreamError
from openai_cli.engine.strict_json import JsonObject

REASONING = "reasoning.encrypted_content"


def _seals_no_reasoning(error: UpstreamError, body: JsonObject) -> bool:
    named = "encrypted" in error.text.lower() or error.param.startswith("include")
    return error.is_about_the_request and named and REASONING in body.get("include", ())


NO_SEALED_REASONING = Quirk(REASONING, _seals_no_reasoning)
"""Do not request encrypted reasoning: models without reasoning refuse it."""

QUIRKS = (STRICT_ROLES, NO_SEALED_REASONING)
