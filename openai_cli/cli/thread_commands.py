"""`openai local threads` and `openai local show`: print threads of the engine's store."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from typing import TYPE_CHECKING

from openai_cli.cli.option_reader import OptionReader
from openai_cli.cli.option_values import count_or_all
from openai_cli.cli.store_option import selected_store
from openai_cli.errors import Problem, UsageError, shortened
from openai_cli.output.printer import OutputStyle, Printer
from openai_cli.output.terminal import wants_colour

if TYPE_CHECKING:
    from openai_cli.cli.session import Session
    from openai_cli.engine.store import Store, ThreadRecord, Transaction
    from openai_cli.engine.store_place import StorePlace

_BATCH = 50
"""Threads read per transaction; output is written between transactions, which stay short."""
_PREVIEW = 200
"""Characters shown of the last message."""
_POLL_INTERVAL = 0.5
"""Seconds between two checks for new messages with --follow."""


def threads(session: Session) -> None:
    """List the threads, newest first; prints while reading. Raises CliError."""
    reader = OptionReader(session.configuration(engine=True))
    env, place = session.env, selected_store(session)
    style = _list_style(reader, on_terminal=env.out.is_terminal)
    limit = reader.value("--max-items", count_or_all, None)
    if reader.problems:
        raise UsageError(problems=reader.problems)
    printer = Printer(env.out, style, env.environ)
    with _opened(place) as store:
        with store.read() as tx:
            ids = tx.threads.ids_newest_first()
        if not ids:
            env.say("note", f"there is no thread in {place}")
        listed = iter(ids[:limit])
        while some := list(islice(listed, _BATCH)):
            with store.read() as tx:
                items = [item for one in some for item in _summary(tx, one)]
            printer.page(items)
    for note in printer.notes:
        env.say("note", note)


def _list_style(reader: OptionReader, *, on_terminal: bool) -> OutputStyle:
    """The requested style; the default format is a table on a terminal, else JSON lines."""
    default = "table" if on_terminal and reader.has("--columns") else "auto"
    style = reader.style("--format", "--transform", default)
    if style.format in ("explore", "text"):
        what = f"a list of threads cannot be printed as {style.format}"
        reader.problems.append(Problem("--format", what))
    if style.format == "auto":
        return style._replace(format="pretty" if on_terminal else "jsonl")
    return style


def _summary(tx: Transaction, thread_id: str) -> Iterator[str]:
    """The thread as a line of JSON; nothing if it was deleted in the meantime."""
    from openai_cli.engine import serialize
    from openai_cli.output.reply import message_text

    thread = tx.threads.get(thread_id)
    if thread is None:
        return
    message = tx.messages.newest(thread_id=thread_id)
    run = tx.runs.newest(thread_id=thread_id)
    words = message_text(serialize.message(message)) if message else ""
    summary = {
        "id": thread.id,
        "object": "thread.summary",
        "created_at": thread.created_at,
        "messages": tx.messages.count(thread_id=thread_id),
        "run_status": run.status if run else None,
        "last_words": shortened(" ".join(words.split()), _PREVIEW),
    }
    yield json.dumps(summary, ensure_ascii=False)


def show(session: Session) -> None:
    """Print a thread as a conversation; with --follow also new messages. Raises CliError."""
    from openai_cli.cli.conversation_text import ConversationText
    from openai_cli.engine.conversation import Conversation

    reader = OptionReader(session.configuration(engine=True))
    env, place = session.env, selected_store(session)
    follows = reader.has("--follow")
    out = env.out if follows or reader.has("--no-pager") else env.paged()
    colour = wants_colour(env.environ, out.is_terminal, reader.color)
    if reader.problems:
        raise UsageError(problems=reader.problems)
    text = ConversationText(safe=out.is_terminal, colour=colour)
    with _opened(place) as store, store.read() as tx:
        thread = _thread(tx, session.arguments.words, place)
        conversation = Conversation(thread.id)
        told = [text.entry(one) for one in conversation.news(tx, unfinished=not follows)]
    out.write_whole("".join([text.head(thread), *told]))
    while follows:
        time.sleep(_POLL_INTERVAL)
        out.check_reader()
        with _opened(place) as store, store.read() as tx:
            if tx.threads.get(thread.id) is None:
                env.say("note", f"thread {thread.id} was deleted")
                return
            told = [text.entry(one) for one in conversation.news(tx, unfinished=False)]
        if told:
            out.write("".join(told))


def _thread(tx: Transaction, words: Sequence[str], place: StorePlace) -> ThreadRecord:
    """The thread with this id, or the newest. Raises UsageError."""
    if words and not words[0]:
        raise UsageError(problems=[Problem("THREAD", "is empty")])
    thread_id = words[0] if words else ""
    thread = tx.threads.get(thread_id) if thread_id else tx.threads.newest()
    if thread is None:
        what = f'no thread "{shortened(thread_id)}"' if thread_id else "no thread yet"
        raise UsageError(
            problems=[Problem("THREAD", f"there is {what} in {place}")],
            hint="openai local threads lists the threads of a store" if thread_id else "",
        )
    return thread


@contextmanager
def _opened(place: StorePlace) -> Iterator[Store]:
    """The store, after stale runs were expired, unless the store is read-only."""
    from openai_cli.engine.runs.expiry import expire_stale_runs
    from openai_cli.engine.store import store_to_read

    with closing(store_to_read(place)) as store:
        if not store.read_only:
            expire_stale_runs(store, int(time.time()))
        yield store
