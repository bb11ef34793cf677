"""Refusals that all APIs have in common."""

from collections.abc import Iterator

from openai_cli.local.models.interface import Unsupported
from openai_cli.local.models.turn import ImageFilePart, ImageUrlPart, Message


def content_field(message: Message, index: int) -> str:
    """Where the type of a content part stands in the request."""
    return f"{message.field}.content[{index}].type"


def assistant_images(message: Message) -> Iterator[Unsupported]:
    """No API takes images that an assistant is said to have sent."""
    if message.role != "assistant":
        return
    for index, part in enumerate(message.parts):
        if isinstance(part, ImageUrlPart | ImageFilePart):
            kind = "image_url" if isinstance(part, ImageUrlPart) else "image_file"
            yield Unsupported(content_field(message, index), kind)
