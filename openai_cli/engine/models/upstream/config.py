"""Where models other than `echo` are asked, as the environment says.

OPENAI_LOCAL_UPSTREAM_URL      base URL; default: the OpenAI API
OPENAI_LOCAL_UPSTREAM_API      responses | chat; default: responses at OpenAI, chat elsewhere
OPENAI_LOCAL_UPSTREAM_TIMEOUT  seconds of silence before giving up; default: 600
OPENAI_API_KEY                 sent as a bearer token; this machine's own servers need none
"""

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from openai_cli.client.address import DEFAULT_BASE_URL, Address, read_address
from openai_cli.client.headers import check_credential
from openai_cli.client.settings import ConnectionSettings
from openai_cli.engine.refusals import RefusalError
from openai_cli.errors import UsageError

_URL = "OPENAI_LOCAL_UPSTREAM_URL"
_API = "OPENAI_LOCAL_UPSTREAM_API"
_TIMEOUT = "OPENAI_LOCAL_UPSTREAM_TIMEOUT"
_KEY = "OPENAI_API_KEY"


class UpstreamConfig(NamedTuple):
    """A server and the API it is asked through: `responses` or `chat`."""

    api: str
    settings: ConnectionSettings


def read_upstream_config(environ: Mapping[str, str]) -> UpstreamConfig:
    """The upstream of this environment.

    Raises:
        ApiError: a variable cannot be used, or a key is needed and missing.
    """
    try:
        address = read_address(environ.get(_URL) or DEFAULT_BASE_URL, _URL)
        key = check_credential(environ.get(_KEY, ""), _KEY)
    except UsageError as error:
        text = "; ".join(str(problem) for problem in error.problems)
        raise RefusalError(f"The upstream cannot be used: {text}.", code="invalid_value") from error
    if address.is_local:
        raise RefusalError(f"The upstream cannot be used: {_URL} must be a server, not the engine.")
    if address.needs_key and not key:
        raise RefusalError(
            f"The upstream {address.host} needs a key: set {_KEY}, or name another server in "
            f"{_URL}.",
            status=401,
            code="invalid_api_key",
        )
    settings = ConnectionSettings(
        address=address,
        api_key=key,
        organization=environ.get("OPENAI_ORG_ID", "") if _is_openai(address) else "",
        project=environ.get("OPENAI_PROJECT_ID", "") if _is_openai(address) else "",
        timeout=_timeout(environ.get(_TIMEOUT) or "600"),
        environ=environ,
    )
    return UpstreamConfig(_api(environ.get(_API), address), settings)


def _is_openai(address: Address) -> bool:
    return re.search(r"(^|\.)openai\.com$", address.host) is not None


def _api(word: str | None, address: Address) -> str:
    if not word:
        return "responses" if _is_openai(address) else "chat"
    if word not in ("responses", "chat"):
        raise RefusalError(
            f"The upstream cannot be used: {_API} must be 'responses' or 'chat', not '{word}'.",
            code="invalid_value",
        )
    return word


def _timeout(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not (seconds > 0 and math.isfinite(seconds)):
        raise RefusalError(
            f"The upstream cannot be used: {_TIMEOUT} must be a number of seconds, not '{text}'.",
            code="invalid_value",
        )
    return seconds
