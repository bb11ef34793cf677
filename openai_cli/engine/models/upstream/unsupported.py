"""Refusals that all APIs share."""

from collections.abc import Iterator

from openai_cli.engine.models.interface import Unsupported
from openai_cli.engine.models.prompt import PromptImageFile, PromptImageUrl, PromptMessage


def content_field(message: PromptMessage, index: int) -> str:
    """Where the type of a content part stands in the request."""
    return f"{message.field}.content[{index}].type"


def assistant_images(message: PromptMessage) -> Iterator[Unsupported]:
    """No API takes images that an assistant is said to have sent."""
    if message.role != "assistant":
        return
    for index, part in enumerate(message.parts):
        if isinstance(part, PromptImageUrl | PromptImageFile):
            kind = "image_url" if isinstance(part, PromptImageUrl) else "image_file"
            yield Unsupported(content_field(message, index), kind)
