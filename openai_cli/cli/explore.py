"""`--format explore`: shows an answer in the explorer, or as JSON if it cannot run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from openai_cli.cli.env import Env
from openai_cli.cli.option_reader import Options
from openai_cli.output.printer import Transform

if TYPE_CHECKING:
    from openai_cli.client.responses import Document, Stream


def explorable(options: Options, env: Env) -> Options:
    """The options, with format `auto` if the explorer cannot be shown."""
    if options.style.format != "explore":
        return options
    from openai_cli.output.explore import has_screen, is_available

    if not is_available():
        from openai_cli.client.extras import install_hint

        env.say("note", f"explore is not installed, printing JSON; {install_hint('explore')}")
    elif options.dry_run or not (env.out.is_terminal and has_screen(env.environ)):
        env.say("note", "explore needs a terminal and an answer; printing JSON")
    else:
        return options
    return options._replace(style=options.style._replace(format="auto"))


def explore_answer(answer: Document | Stream, options: Options, env: Env) -> None:
    """Show the answer in the explorer and print what the user chose."""
    from openai_cli.client.responses import Stream

    if isinstance(answer, Stream):
        events = _events(answer, options.max_items)
        explore_texts(events, options, env, growing=True, keep_reading=options.settings.in_process)
    else:
        explore_texts([answer.text], options, env, growing=False)


def explore_texts(
    texts: Iterable[str], options: Options, env: Env, *, growing: bool, keep_reading: bool = False
) -> None:
    """Show JSON texts, which may still be arriving, and print what the user chose."""
    from openai_cli.output.explore.screen import explore

    chosen = explore(
        map(Transform(options.style.transform), texts),
        growing=growing,
        keep_reading=keep_reading,
    )
    env.out.write(chosen)


def _events(stream: Stream, limit: int | None) -> Iterator[str]:
    for event in islice(stream.events(), limit):
        yield event.text
