"""Moving out: what a store holds, as the API's objects."""

from collections.abc import Iterator

from openai_cli.local import objects
from openai_cli.local.jsontext import JsonObject
from openai_cli.local.store import Assistant, Store


def move_out(store: Store) -> Iterator[JsonObject]:
    """Every assistant, then every thread with its messages behind it, oldest first.

    All of it as it was at one moment. A message that a run is still writing is not whole, and is
    left out.

    Raises:
        StoreError: the store cannot be read.
    """
    with store.read() as tx:
        for assistant in tx.assistants.all():
            yield _assistant(assistant)
        for thread in tx.threads.all():
            yield objects.thread(thread)
            for message in tx.messages.all(thread_id=thread.id):
                if message.status != "in_progress":
                    yield objects.message(message)


def _assistant(record: Assistant) -> JsonObject:
    """The object, and the one setting that it does not show."""
    effort = record.settings.get("reasoning_effort")
    shown = objects.assistant(record)
    return {**shown, "reasoning_effort": effort} if effort is not None else shown
