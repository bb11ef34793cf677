"""Refusals that all APIs share."""

from collections.abc import Iterator

from openai_cli.engine.models.interface import Unsupported
from openai_cli.engine.models.prompt import PromptImageFile, PromptImageUrl, PromptMessage


def content_field(message: PromptMessage, index: int) -> str:
    """The path of a content part's type in the request."""
    return f"{message.field}.content[{index}].type"


def assistant_images(message: PromptMessage) -> Iterator[Unsupported]:
    """Images in assistant messages, which no API accepts."""
    if message.role != "assistant":
        return
    for index, part in enumerate(message.parts):
        if isinstance(part, PromptImageUrl | PromptImageFile):
            kind = "image_url" if isinstance(part, PromptImageUrl) else "image_file"
            yield Unsupported(content_field(message, index), kind)
