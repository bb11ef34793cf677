"""Export: the contents of a store as the API's objects."""

from collections.abc import Iterator

from openai_cli.engine import serialize
from openai_cli.engine.store import AssistantRecord, Store
from openai_cli.engine.strict_json import JsonObject


def export_objects(store: Store) -> Iterator[JsonObject]:
    """Every assistant, then every thread followed by its messages, oldest first.

    All objects are from one snapshot. A message that a run is still writing is omitted.

    Raises:
        StoreError: the store cannot be read.
    """
    with store.read() as tx:
        for assistant in tx.assistants.all():
            yield _assistant(assistant)
        for thread in tx.threads.all():
            yield serialize.thread(thread)
            for message in tx.messages.all(thread_id=thread.id):
                if message.status != "in_progress":
                    yield serialize.message(message)


def _assistant(record: AssistantRecord) -> JsonObject:
    """The object, with the setting that the API's object lacks."""
    effort = record.settings.get("reasoning_effort")
    shown = serialize.assistant(record)
    return {**shown, "reasoning_effort": effort} if effort is not None else shown
