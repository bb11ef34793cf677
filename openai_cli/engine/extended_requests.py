"""Requests in which the engine takes more than the API does."""

from openai_cli.api.base import RequiredText
from openai_cli.api.models.assistants import CreateAssistant


class CreateAssistantWithId(CreateAssistant):
    """`POST /assistants`, under the id that the assistant had elsewhere."""

    id: RequiredText = ""
