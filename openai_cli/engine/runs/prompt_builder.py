"""Builds the next prompt of a run from the store."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from openai_cli.engine import models
from openai_cli.engine.models.truncation import Count, Entry, cost, first_that_stays
from openai_cli.engine.runs import effective_settings
from openai_cli.engine.store import MessageRecord, RunRecord, StepRecord, Transaction
from openai_cli.engine.store.record_table import PAGE_SIZE
from openai_cli.engine.strict_json import JsonObject


class PromptTooLongError(Exception):
    """The instructions and the entries that must be kept exceed `max_prompt_tokens`."""


def prepare(tx: Transaction, run: RunRecord, count: Count) -> models.Prompt:
    """The next prompt, with the messages that the run requests.

    If the run limits its prompt (`max_prompt_tokens`), messages that `fit` would drop are not read.
    """
    steps = tx.steps.all(run_id=run.id)
    done = [step for step in steps if step.status == "completed"]
    said = tx.messages.all(run_id=run.id) if steps else []  # a message has a step
    own = {message.id: message for message in said}
    since = _since(done, own)
    limit = run.settings.get("max_prompt_tokens")
    if limit is not None:
        room = limit - count(run.settings.get("instructions") or "")
        room -= sum(cost(entry, count) for entry in since)
        newest_first = _until_full(_entries(_newest_first(tx, run, len(own))), room, count)
        earlier = newest_first[::-1]
    elif _last_messages(run) is not None:
        earlier = list(_entries(_newest_first(tx, run, len(own))))[::-1]
    else:  # the whole thread: only a refusal shows that it is too long for the model
        whole = tx.messages.all(thread_id=run.thread_id)
        earlier = list(_entries(message for message in whole if message.run_id != run.id))
    return _prompt(tx, run, steps, (*earlier, *since))


def prepare_to_refuse(tx: Transaction, run: RunRecord, fields: Mapping[str, str]) -> models.Prompt:
    """The first prompt of a new run, with everything that `Model.refuse` checks.

    `fields` maps the ids of messages that came with the request to their position in it.
    """
    if _last_messages(run) is None:
        last = next(_entries(tx.messages.newest_first(run.thread_id, 1)), None)
        found = list(_entries(tx.messages.with_files(run.thread_id), fields))
        history = found or [last] if last else []
    else:
        history = list(_entries(_newest_first(tx, run, 0), fields))[::-1]
    return _prompt(tx, run, [], history)


def _prompt(
    tx: Transaction, run: RunRecord, steps: Sequence[StepRecord], history: Sequence[Entry]
) -> models.Prompt:
    thread = tx.threads.get(run.thread_id)
    settings = run.settings
    calls_made = any(_is_function_step(step) for step in steps if step.status == "completed")
    return models.Prompt(
        model=run.model,
        instructions=settings.get("instructions") or "",
        history=tuple(history),
        tools=tuple(settings.get("tools") or ()),
        tool_resources=effective_settings.merge_resources(
            settings, thread.tool_resources if thread else {}
        ),
        settings=effective_settings.explicit(settings, calls_made=calls_made),
        include=tuple(settings.get("include") or ()),
        completion_budget=_budget_left(settings.get("max_completion_tokens"), steps),
    )


def fit(prompt: models.Prompt, model: models.Model, limit: int | None) -> tuple[Entry, ...]:
    """The history without its oldest messages, so that the prompt fits into `limit` tokens.

    The last user message and everything after it are always kept.

    Raises:
        PromptTooLongError: the entries that must be kept are too long.
    """
    history = prompt.history
    if limit is None:
        return history
    costs = [cost(entry, model.count_tokens) for entry in history]
    room = limit - model.count_tokens(prompt.instructions) - sum(costs)
    first_kept = first_that_stays(history)
    start = 0
    while room < 0 and start < first_kept:
        room += costs[start]
        start += 1
    if room < 0:
        raise PromptTooLongError
    return history[start:]


def _budget_left(limit: int | None, steps: Sequence[StepRecord]) -> int | None:
    if limit is None:
        return None
    spent: int = sum(step.usage["completion_tokens"] for step in steps if step.usage)
    return max(0, limit - spent)


def _since(steps: Sequence[StepRecord], own: Mapping[str, MessageRecord]) -> list[Entry]:
    """The messages and tool turns of this run so far."""
    entries: list[Entry] = []
    for step in steps:
        if step.type == "message_creation":
            message = own.get(step.details["message_creation"]["message_id"])
            if message is not None and _says_something(message):
                entries.append(_message(message, {}, step.kept))
        elif _is_function_step(step):
            entries.append(_tool_turn(step))
    return entries


def _newest_first(tx: Transaction, run: RunRecord, own: int) -> Iterator[MessageRecord]:
    """The thread's messages before this run, or the last n of them; newest first."""
    count = _last_messages(run)
    found = tx.messages.newest_first(run.thread_id)
    if count is not None:
        wanted = min(count + own, sys.maxsize)
        found = islice(tx.messages.newest_first(run.thread_id, min(wanted, PAGE_SIZE)), wanted)
    return (message for message in found if message.run_id != run.id)


def _last_messages(run: RunRecord) -> int | None:
    strategy = run.settings.get("truncation_strategy") or {}
    count: int | None = strategy.get("last_messages")
    return count if strategy.get("type") == "last_messages" else None


def _entries(
    messages: Iterable[MessageRecord], fields: Mapping[str, str] | None = None
) -> Iterator[models.PromptMessage]:
    return (_message(message, fields or {}) for message in messages if _says_something(message))


def _until_full(
    newest_first: Iterable[models.PromptMessage], room: int, count: Count
) -> list[models.PromptMessage]:
    """The newest messages until they fill the room and include a user message.

    `fit` drops messages from the front, but never the last user message, so that its result is the
    same as with all messages.
    """
    found: list[models.PromptMessage] = []
    asked = False
    for message in newest_first:
        found.append(message)
        room -= cost(message, count)
        asked = asked or message.role == "user"
        if room < 0 and asked:
            break
    return found


def _says_something(message: MessageRecord) -> bool:
    """Whether to send the message: servers refuse empty assistant messages."""
    return message.role != "assistant" or any(
        block.get("text", {}).get("value") if block["type"] == "text" else True
        for block in message.content
    )


def _is_function_step(step: StepRecord) -> bool:
    return step.type == "tool_calls" and any(
        call["type"] == "function" for call in step.details["tool_calls"]
    )


def _tool_turn(step: StepRecord) -> models.ToolTurn:
    return models.ToolTurn(
        calls=tuple(
            models.PromptToolCall(
                call_id=call["id"],
                name=call["function"]["name"],
                arguments=call["function"]["arguments"],
                output=call["function"]["output"] or "",
            )
            for call in step.details["tool_calls"]
        ),
        kept=tuple(step.kept),
    )


def _message(
    message: MessageRecord, fields: Mapping[str, str], kept: Sequence[JsonObject] = ()
) -> models.PromptMessage:
    return models.PromptMessage(
        role="assistant" if message.role == "assistant" else "user",
        parts=tuple(_part(block) for block in message.content),
        attachments=tuple(
            models.PromptAttachment(
                one["file_id"], tuple(tool["type"] for tool in one.get("tools") or ())
            )
            for one in message.attachments
            if one.get("file_id")  # the API accepts attachments without a file; they have no effect
        ),
        field=fields.get(message.id, f"message {message.id}"),
        kept=tuple(kept),
    )


def _part(block: JsonObject) -> models.Part:
    kind = block["type"]
    if kind == "text":
        return models.PromptText(block["text"]["value"])
    if kind == "refusal":
        return models.PromptRefusal(block["refusal"])
    if kind == "image_url":
        return models.PromptImageUrl(block["image_url"]["url"], block["image_url"].get("detail"))
    return models.PromptImageFile(block["image_file"]["file_id"], block["image_file"].get("detail"))
