"""Renders help pages from Typer's parameters.

Typer's own layout truncates long flag names on a narrow terminal; this one does not.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Set
from typing import Any, NamedTuple

from openai_cli.output.command_line import wrapped
from openai_cli.output.terminal import terminal_size

OWN = "This command"
"""The panel of flags that a command has, and others have not, besides those of its request."""
_SHARED_PANELS = ("Output", "Connection", "Other")
PANELS = (
    "Required",
    "Assistant",
    "Message",
    "Run",
    "Thread",
    "Page",
    "Waiting and tools",
    OWN,
    *_SHARED_PANELS,
)
"""Panels in display order; other panels follow in order of appearance."""

_WIDEST = 100
_NAMES = 34
_NARROW = 60


class HelpPage(NamedTuple):
    """Content of a help page. `flags` are panel, names with metavar, and help text.

    `names` are the commands or resources that may follow, `more` the tool's own commands. `hint`
    is the last paragraph.
    """

    usage: str
    summary: str
    flags: tuple[tuple[str, str, str], ...]
    names: tuple[tuple[str, str], ...] = ()
    names_title: str = "Commands"
    more: tuple[tuple[str, str], ...] = ()
    examples: tuple[str, ...] = ()
    hint: str = ""


def flag_rows(
    params: Iterable[Any], shared: Set[str] | None = None
) -> tuple[tuple[str, str, str], ...]:
    """Panel, `--name METAVAR` and help text of each Typer option.

    With `shared`, the flags of all commands, others do not stand in the same panels as these.
    """
    return tuple(
        (
            OWN if _is_own(param, shared) else str(param.rich_help_panel),
            f"{', '.join([*param.opts])} {param.metavar or ''}".strip(),
            param.help or "",
        )
        for param in params
    )


def _is_own(param: Any, shared: Set[str] | None) -> bool:
    is_common = shared is None or not shared.isdisjoint(param.opts)
    return not is_common and param.rich_help_panel in _SHARED_PANELS


def render(page: HelpPage, *, colour: bool) -> str:
    """The page as text: as wide as the terminal or `COLUMNS`, at most 100 columns; else 80."""
    width = min(terminal_size()[0], _WIDEST)
    title = _bold if colour else str
    usage = textwrap.wrap(f"Usage: {page.usage}", max(width, 20), subsequent_indent=" " * 7)
    first, *more = usage
    blocks = [
        "\n".join([title("Usage:") + first.removeprefix("Usage:"), *more]),
        textwrap.fill(page.summary, max(width, 20)),
    ]
    if page.names:
        blocks.append(_table(title(f"{page.names_title}:"), page.names, width))
    if page.more:
        blocks.append(_table(title("About the tool:"), page.more, width))
    for panel in _panels(page):
        rows = [(name, text) for found, name, text in page.flags if found == panel]
        blocks.append(_table(title(f"{panel}:"), rows, width))
    if page.examples:
        lines = (line for example in page.examples for line in wrapped(example, width - 2))
        blocks.append("\n".join([title("Examples:"), *(f"  {line}" for line in lines)]))
    if page.hint:
        blocks.append(textwrap.fill(page.hint, max(width, 20)))
    return "\n\n".join(blocks) + "\n"


def _panels(page: HelpPage) -> list[str]:
    found = list(dict.fromkeys(panel for panel, _, _ in page.flags))
    ordered = [panel for panel in PANELS if panel in found]
    return ordered + [panel for panel in found if panel not in PANELS]


def _bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m"


def _table(title: str, rows: Iterable[tuple[str, str]], width: int) -> str:
    """Names on the left, texts on the right; a long name gets its own line.

    On a narrow terminal every name gets its own line, with the text indented below.
    """
    rows = list(rows)
    longest = max((len(name) for name, _ in rows), default=0)
    column = 6 if width < _NARROW else min(longest, _NAMES) + 4
    lines = [title]
    for name, text in rows:
        wrapped = textwrap.wrap(text, max(width - column, 20)) or [""]
        start = f"  {name}"
        if len(start) > column - 2:
            lines.append(start)
        else:
            lines.append((start.ljust(column) + wrapped.pop(0)).rstrip())
        lines += [" " * column + line for line in wrapped]
    return "\n".join(lines)
