"""Reads the upstream for models other than `echo` from the environment.

OPENAI_LOCAL_UPSTREAM_URL      base URL; default: the OpenAI API
OPENAI_LOCAL_UPSTREAM_API      responses | chat; default: responses at OpenAI, chat elsewhere
OPENAI_LOCAL_UPSTREAM_MODEL    model names at the upstream, see `model_names`; default: unchanged
OPENAI_LOCAL_UPSTREAM_KEY      sent as a bearer token; not needed for servers on this machine
OPENAI_LOCAL_UPSTREAM_HEADERS  additional headers, one per line
OPENAI_LOCAL_UPSTREAM_TIMEOUT  seconds of silence before giving up; default: 600
OPENAI_API_KEY                 the key for an OpenAI upstream without a key of its own; never
                               sent to other servers
"""

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from openai_cli.client.address import DEFAULT_BASE_URL, Address, read_address
from openai_cli.client.headers import check_credential, read_headers
from openai_cli.client.redaction import is_secret
from openai_cli.client.settings import ConnectionSettings
from openai_cli.engine.models.upstream.model_names import ModelNames, read_model_names
from openai_cli.engine.refusals import RefusalError
from openai_cli.errors import UsageError

URL = "OPENAI_LOCAL_UPSTREAM_URL"
API = "OPENAI_LOCAL_UPSTREAM_API"
MODEL = "OPENAI_LOCAL_UPSTREAM_MODEL"
KEY = "OPENAI_LOCAL_UPSTREAM_KEY"
HEADERS = "OPENAI_LOCAL_UPSTREAM_HEADERS"
TIMEOUT = "OPENAI_LOCAL_UPSTREAM_TIMEOUT"
OPENAI_KEY = "OPENAI_API_KEY"


class UpstreamConfig(NamedTuple):
    """A server and the API to use: `responses` or `chat`."""

    api: str
    settings: ConnectionSettings


def read_upstream_config(environ: Mapping[str, str]) -> UpstreamConfig:
    """The upstream from the environment.

    Raises:
        RefusalError: a variable is invalid, or a required key is missing (status 401).
    """
    try:
        address = read_address(environ.get(URL) or DEFAULT_BASE_URL, URL, or_engine=False)
        key = _key(environ, address)
    except UsageError as error:
        raise _unusable("; ".join(str(problem) for problem in error.problems)) from error
    try:
        headers = read_headers(environ.get(HEADERS, ""))
    except ValueError as error:
        raise _unusable(f"{HEADERS}: {error}") from error
    if address.needs_key and not (key or any(is_secret(name) for name, _ in headers)):
        raise _keyless(address)
    settings = ConnectionSettings(
        address=address,
        api_key=key,
        organization=environ.get("OPENAI_ORG_ID", "") if _is_openai(address) else "",
        project=environ.get("OPENAI_PROJECT_ID", "") if _is_openai(address) else "",
        headers=headers,
        timeout=_timeout(environ.get(TIMEOUT) or "600"),
        environ=environ,
    )
    return UpstreamConfig(_api(environ.get(API), address), settings)


def read_names(environ: Mapping[str, str]) -> ModelNames:
    """The model names from the environment.

    Raises:
        RefusalError: the variable is invalid.
    """
    try:
        return read_model_names(environ.get(MODEL, ""))
    except ValueError as error:
        raise _unusable(f"{MODEL}: {error}") from error


def _unusable(why: str) -> RefusalError:
    return RefusalError(f"The upstream cannot be used: {why}.", code="invalid_value")


def _key(environ: Mapping[str, str], address: Address) -> str:
    """The upstream's key; OPENAI_API_KEY is for OpenAI only. Raises UsageError."""
    own = check_credential(environ.get(KEY, ""), KEY)
    if own or not _is_openai(address):
        return own
    return check_credential(environ.get(OPENAI_KEY, ""), OPENAI_KEY)


def _keyless(address: Address) -> RefusalError:
    if _is_openai(address):
        what = f"needs a key: set {OPENAI_KEY}, or name another server in {URL}."
    else:
        what = (
            f"needs a key of its own: set {KEY}, or give --upstream-key (any text, if the server "
            f"asks for none); {OPENAI_KEY} goes to openai.com only. A key in another header: "
            "--upstream-header."
        )
    return RefusalError(f"The upstream {address.host} {what}", status=401, code="invalid_api_key")


def _is_openai(address: Address) -> bool:
    return re.search(r"(^|\.)openai\.com$", address.host) is not None


def _api(word: str | None, address: Address) -> str:
    if not word:
        return "responses" if _is_openai(address) else "chat"
    if word not in ("responses", "chat"):
        raise _unusable(f"{API} must be 'responses' or 'chat', not '{word}'")
    return word


def _timeout(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not (seconds > 0 and math.isfinite(seconds)):
        raise _unusable(f"{TIMEOUT} must be a number of seconds, not '{text}'")
    return seconds
