"""Request models in which the engine accepts more than the API does."""

from openai_cli.api.base import RequiredText
from openai_cli.api.models.assistants import CreateAssistant


class CreateAssistantWithId(CreateAssistant):
    """`POST /assistants` with a given `id`, to keep the id an assistant had on another server."""

    id: RequiredText = ""
