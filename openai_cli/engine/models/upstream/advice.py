"""Advice on what to do next, added to an upstream's error.

The advice is part of the run's error, because clients of `local serve` do not see the command
line's hints.
"""

import re
from collections.abc import Callable, Sequence

from openai_cli.client.redaction import is_secret, redacted_url
from openai_cli.client.settings import ConnectionSettings
from openai_cli.client.wrong_address import asked_and_meant, is_no_route
from openai_cli.engine.strict_json import JsonObject

ListModels = Callable[[], Sequence[str]]
"""Returns the names of the models that the upstream lists; empty if it lists none."""

_MOST_NAMES = 20
_UNKNOWN_MODEL = re.compile(
    r"model.{0,200}?(not found|does ?n[o']t exist|not exist|not available|not loaded|unknown)|"
    r"(unknown|invalid|unsupported|unrecognized|no such|not a valid) model|model_not_found",
    re.I | re.S,
)
_NO_DEPLOYMENT = "DeploymentNotFound"


def after_refusal(
    status: int, path: str, fields: JsonObject, settings: ConnectionSettings, models: ListModels
) -> str:
    """Advice for an error status; `fields` were read from the error body."""
    said = f"{fields.get('code') or ''} {fields.get('message') or ''}"
    if _NO_DEPLOYMENT in said:
        return (
            "A deployment is named in --upstream-url (…/openai/deployments/NAME), or, below "
            "/openai/v1, with --upstream-model."
        )
    if status in (400, 404) and _UNKNOWN_MODEL.search(said):
        return _other_model(said, settings, models())
    if is_no_route(status, said) or is_no_route(status, str(fields.get("message") or "")):
        return _other_path(path, settings)
    if status in (401, 403) and not _shows_who_asks(settings):
        return (
            "No key was sent: name one in OPENAI_LOCAL_UPSTREAM_KEY or with --upstream-key "
            "(OPENAI_API_KEY goes to openai.com only)."
        )
    return ""


def after_no_connection(settings: ConnectionSettings) -> str:
    """Advice for a failed connection."""
    if settings.address.needs_key:
        return "Check --upstream-url, and whether the server is running."
    return "No server is listening there: start the model server, or set --upstream-url."


def _other_model(said: str, settings: ConnectionSettings, names: Sequence[str]) -> str:
    pulls = "pull" in said or settings.address.text.endswith(":11434/v1")
    ways = 'get it with "ollama pull", or name' if pulls else "name"
    if not names:
        return f"The upstream lists no models: {ways} another with --upstream-model."
    more = len(names) - _MOST_NAMES
    listed = ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
    return f"The upstream lists {listed}: {ways} one of these with --upstream-model."


def _other_path(path: str, settings: ConnectionSettings) -> str:
    address = settings.address
    asked = f"POST {redacted_url(address.url(path))}"
    what = asked_and_meant(asked, address, "--upstream-url")
    return f"{what[0].upper()}{what[1:]}; --upstream-api names the API."


def _shows_who_asks(settings: ConnectionSettings) -> bool:
    return bool(settings.api_key) or any(is_secret(name) for name, _ in settings.headers)
