"""Builds the next prompt of a run from the store."""

from collections.abc import Mapping, Sequence

from openai_cli.engine import models
from openai_cli.engine.models.truncation import Entry, cost, first_that_stays
from openai_cli.engine.runs import effective_settings
from openai_cli.engine.store import MessageRecord, RunRecord, StepRecord, Transaction
from openai_cli.engine.strict_json import JsonObject


class PromptTooLongError(Exception):
    """The instructions and what must be kept exceed `max_prompt_tokens`."""


def prepare(
    tx: Transaction, run: RunRecord, fields: Mapping[str, str] | None = None
) -> models.Prompt:
    """The next prompt, its history limited to the messages that the run asked for.

    `fields` maps the ids of messages that came with the request to their position in it.
    """
    steps = tx.steps.all(run_id=run.id)
    thread = tx.threads.get(run.thread_id)
    settings = run.settings
    done = [step for step in steps if step.status == "completed"]
    calls_made = any(_is_function_step(step) for step in done)
    return models.Prompt(
        model=run.model,
        instructions=settings.get("instructions") or "",
        history=tuple(_history(tx, run, done, fields or {})),
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

    The last message before the run, and everything the run did itself, is always kept.

    Raises:
        PromptTooLongError: what has to stay is too long already.
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


def _history(
    tx: Transaction, run: RunRecord, steps: Sequence[StepRecord], fields: Mapping[str, str]
) -> list[Entry]:
    own = {message.id: message for message in tx.messages.all(run_id=run.id)}
    entries: list[Entry] = [
        _message(message, fields)
        for message in _earlier(tx, run, len(own))
        if _says_something(message)
    ]
    for step in steps:
        if step.type == "message_creation":
            message = own.get(step.details["message_creation"]["message_id"])
            if message is not None and _says_something(message):
                entries.append(_message(message, fields, step.kept))
        elif _is_function_step(step):
            entries.append(_tool_turn(step))
    return entries


def _earlier(tx: Transaction, run: RunRecord, own: int) -> list[MessageRecord]:
    """The thread before this run, or its last n messages."""
    strategy = run.settings.get("truncation_strategy") or {}
    count = strategy.get("last_messages") if strategy.get("type") == "last_messages" else None
    if count is None:
        found = tx.messages.all(thread_id=run.thread_id)
    else:
        found = tx.messages.newest(run.thread_id, count + own)
    return [message for message in found if message.run_id != run.id]


def _says_something(message: MessageRecord) -> bool:
    """Servers refuse an assistant that said nothing, and no model learns anything from it."""
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
            if one.get("file_id")  # the API takes attachments without one, and they add nothing
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
