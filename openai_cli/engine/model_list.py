"""`GET /models` and `/models/{id}`, which some clients request at start-up."""

from urllib.parse import unquote

from openai_cli.engine import http_responses
from openai_cli.engine.http import HttpRequest, HttpResponse
from openai_cli.engine.models.registry import ModelRegistry
from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.strict_json import JsonObject

_PATH = "/models"


def asks_for_models(call: HttpRequest) -> bool:
    """Whether the request is about models; a name may contain slashes."""
    is_listing = call.path == _PATH or call.path.startswith(f"{_PATH}/")
    return call.method == "GET" and is_listing


def answer(call: HttpRequest, models: ModelRegistry) -> HttpResponse:
    """All models, or one. The upstream is asked for its list.

    Raises:
        RefusalError: there is no such model.
    """
    names = models.names()
    wanted = unquote(call.path.removeprefix(_PATH)).strip("/")
    if not wanted:
        return http_responses.json_response(
            200, {"object": "list", "data": [_model(name) for name in names]}
        )
    if wanted not in names:
        raise RefusalError(
            f"The model '{wanted}' does not exist at the upstream of this engine.",
            status=404,
            param="model",
            code="model_not_found",
        )
    return http_responses.json_response(200, _model(wanted))


def _model(name: str) -> JsonObject:
    owner = "openai-cli" if name == "echo" else "upstream"
    return {"id": name, "object": "model", "created": 0, "owned_by": owner}
