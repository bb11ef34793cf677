"""Exports threads as requests to the Conversations API.

One object per thread: `create` is the body of `POST /conversations`, and each element of `add` the
body of `POST /conversations/{id}/items`, because a request takes 20 items at most.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from openai_cli.engine.store import MessageRecord, Store
from openai_cli.engine.strict_json import JsonObject

_MOST_ITEMS = 20


class ConversationExport:
    """The threads of a store; `left_out` counts what the Conversations API cannot represent."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.left_out: Counter[str] = Counter()

    def objects(self) -> Iterator[JsonObject]:
        """Every thread, oldest first, from one consistent snapshot.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._store.read() as tx:
            self._count("assistants", len(list(tx.assistants.all())))
            for thread in tx.threads.all():
                self._count("files of threads", bool(thread.tool_resources))
                messages = tx.messages.all(thread_id=thread.id)
                items = [item for message in messages for item in self._item(message)]
                first, *more = _portions(items)
                yield {
                    "thread_id": thread.id,
                    "create": {"items": first, "metadata": thread.metadata},
                    "add": [{"items": portion} for portion in more],
                }

    def _item(self, message: MessageRecord) -> Iterator[JsonObject]:
        """The message as an item; none if no part of it can be represented."""
        if message.status == "in_progress":
            self._count("messages that are being written")
            return
        parts = [part for block in message.content for part in self._part(message.role, block)]
        self._count("attachments", len(message.attachments))
        self._count("metadata of messages", bool(message.metadata))
        if parts:
            yield {"type": "message", "role": message.role, "content": parts}
        else:
            self._count("messages without text or image")

    def _part(self, role: str, block: JsonObject) -> Iterator[JsonObject]:
        kind = block["type"]
        if kind == "text":
            text = block["text"]
            self._count("annotations", len(text.get("annotations") or ()))
            if text["value"]:
                name = "output_text" if role == "assistant" else "input_text"
                yield {"type": name, "text": text["value"]}
        elif kind == "refusal":
            yield {"type": "refusal", "refusal": block["refusal"]}
        elif role == "assistant":
            self._count("images of assistants")
        else:
            yield _image(block[kind])

    def _count(self, what: str, count: int = 1) -> None:
        if count:
            self.left_out[what] += count


def _image(image: JsonObject) -> JsonObject:
    """A user's image; the API requires the detail."""
    where = {"image_url": image["url"]} if "url" in image else {"file_id": image["file_id"]}
    return {"type": "input_image", **where, "detail": image.get("detail") or "auto"}


def _portions(items: list[Any]) -> list[list[Any]]:
    """The items in portions of 20; one empty portion if there are none."""
    starts = range(0, max(1, len(items)), _MOST_ITEMS)
    return [items[start : start + _MOST_ITEMS] for start in starts]
