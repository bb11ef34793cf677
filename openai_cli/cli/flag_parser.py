"""Extends Typer's options and parser with features that they lack.

This overrides private classes of Typer, hence the upper bound on its version.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, cast

from typer._click.exceptions import BadOptionUsage, NoSuchOption
from typer._click.parser import _Option, _OptionParser, _ParsingState
from typer._coercion import resolve_type_descriptor
from typer.core import TyperOption
from typer.models import OptionInfo

from openai_cli.cli.catalog import FlagRow
from openai_cli.errors import Problem
from openai_cli.input.arguments import Arguments

if TYPE_CHECKING:
    from openai_cli.cli.familiar_flags import Advice

_SHORTEST_START = 5
"""Shortest start of a long flag, in characters with dashes, for which the flag is suggested."""


class FlagOption(TyperOption):
    """A flag row as a Typer option. Its value is the list of all its texts, in order.

    With an `answer`, a Typer callback, it is eager: handled before other options.
    """

    def __init__(self, row: FlagRow, answer: Callable[..., Any] | None = None) -> None:
        identifier = row.name.lstrip("-").replace("-", "_").replace(".", "__")
        super().__init__(
            param_decls=[identifier, *row.spellings],
            type_descriptor=resolve_type_descriptor(list[str], OptionInfo()),
            help=row.help,
            metavar=row.metavar,
            rich_help_panel=row.panel,
            multiple=True,
            is_flag=row.takes == "nothing",
            # The callback gets the flags of all levels in one list, not as keyword arguments.
            expose_value=False,
            is_eager=answer is not None,
            callback=answer,
        )
        self.row = row

    def process_value(self, ctx: Any, value: Any) -> Any:
        """Return texts unconverted: Typer would load pydantic and stop at the first bad value.

        `input` and `cli.options` convert them and report all problems.
        """
        return self.callback(ctx, self, value) if self.callback else value


class FlagParser(_OptionParser):
    """Typer's parser, which adds flags and words to `arguments`.

    Typer returns the values of each option and, separately, the order of the options. Here both
    are one list, because list values are appended in typed order across flags.
    """

    def __init__(self, arguments: Arguments, ctx: Any = None) -> None:
        super().__init__(ctx)
        self.arguments = arguments

    def add_rows(self, rows: Iterable[FlagRow]) -> None:
        """Add these flags, without a Typer command."""
        for row in rows:
            FlagOption(row).add_to_parser(self, cast("Any", self.ctx))

    def parse_args(self, args: list[str]) -> Any:
        """Parse all arguments; problems are added to `arguments`, not raised."""
        self.arguments.typed = list(args)
        rows = map(_row, self._long_opt.values())
        self.arguments.texts = {row.name for row in rows if row.may_hold_blanks}
        values, words, order = super().parse_args(args)
        texts = {name: iter(given) for name, given in values.items()}
        for option in cast("list[FlagOption]", order):
            text = next(texts[option.name])
            self.arguments.add(option.row.name, text if isinstance(text, str) else None)
        self.arguments.words = words
        return values, words, order

    def add_option(self, obj: Any, opts: Sequence[str], *args: Any, **settings: Any) -> None:
        """Add the option, accepting one dash as well: `-name` for `--name`.

        Single letters cannot be combined, so a typo like `-versoin` is an error, not `-v`.
        """
        one_dash = (name[1:] for name in opts if name.startswith("--"))
        super().add_option(obj, [*opts, *one_dash], *args, **settings)
        self._long_opt |= self._short_opt
        self._short_opt.clear()

    def _process_opts(self, arg: str, state: _ParsingState) -> None:
        """Collect problems; Typer would stop at the first one."""
        try:
            super()._process_opts(arg, state)
        except NoSuchOption:
            self._unknown(arg, state)
        except BadOptionUsage as error:
            name = _row(self._long_opt[error.option_name]).name
            self._problem(name, "needs a value")
            self.arguments.unread.add(name)

    def _match_long_opt(self, opt: str, explicit_value: str | None, state: _ParsingState) -> None:
        """Parse a long flag. Typer lacks options with an optional value, such as `--stream`."""
        option = self._long_opt.get(opt)
        if option is None:
            raise NoSuchOption(opt)
        row = _row(option)
        if row.takes == "nothing" and explicit_value is not None:
            self._problem(row.name, f'takes no value, found "{explicit_value}"')
            explicit_value = None
        follows = explicit_value is not None or (state.rargs and row.fits(state.rargs[0]))
        if row.takes == "optional" and not follows:
            option.process(None, state)
        else:
            super()._match_long_opt(opt, explicit_value, state)

    def _unknown(self, arg: str, state: _ParsingState) -> None:
        """Report an unknown flag; if it resembles one with a value, skip that value."""
        typed, equals, _ = arg.partition("=")
        known = self._advice(typed)
        if not known:
            self._problem(typed, "no such flag")
            return
        self._problem(typed, f"no such flag ({known.text})")
        self.arguments.unread.add(known.flag)
        if known.takes_value and not equals and state.rargs and not state.rargs[0].startswith("-"):
            state.rargs.pop(0)

    def _advice(self, typed: str) -> Advice | None:
        from openai_cli.cli.familiar_flags import Advice, advice

        rows = {row.name: row for row in map(_row, self._long_opt.values())}
        positive = typed.replace("--no-", "--", 1)
        if positive != typed and positive in rows and rows[positive].kind == "boolean":
            return Advice(f"did you mean {positive}=false?", positive, takes_value=False)
        # Some tools accept long flags with one dash.
        if found := advice(typed, rows) or advice(f"-{typed}", rows):
            return found
        near = nearest_flag(typed, rows)
        if not near:
            return None
        return Advice(f"did you mean {near}?", near, takes_value=rows[near].takes == "value")

    def _problem(self, source: str, message: str) -> None:
        self.arguments.problems.append(Problem(source, message))


def _row(option: _Option) -> FlagRow:
    return cast("FlagOption", option.obj).row


def nearest_flag(typed: str, names: Iterable[str]) -> str:
    """The name that starts with the typed text, or the most similar one; "" if there is none."""
    plain = "--" + typed.lstrip("-").lower().replace("_", "-")
    names = sorted(names)
    longer = [name for name in names if name.startswith(plain)]
    if len(plain) >= _SHORTEST_START and longer:
        return min(longer, key=len)
    return next(iter(get_close_matches(plain, names, n=1, cutoff=0.7)), "")


def read_arguments(args: Sequence[str], rows: Iterable[FlagRow]) -> Arguments:
    """Parse the arguments of a command with these flags."""
    arguments = Arguments()
    parser = FlagParser(arguments)
    parser.add_rows(rows)
    parser.parse_args(list(args))
    return arguments


def without(args: Sequence[str], rows: Iterable[FlagRow], names: Collection[str]) -> list[str]:
    """The arguments without the flags of these names and their values."""
    parser = _PositionParser(Arguments())
    parser.add_rows(rows)
    parser.parse_args(list(args))
    dropped = {index for name, span in parser.spans if name in names for index in span}
    return [arg for index, arg in enumerate(args) if index not in dropped]


class _PositionParser(FlagParser):
    """Records the indexes of each flag and its value in the arguments."""

    spans: list[tuple[str, range]]

    def parse_args(self, args: list[str]) -> Any:
        self.spans, self._length = [], len(args)
        return super().parse_args(args)

    def _process_opts(self, arg: str, state: _ParsingState) -> None:
        start, count = self._length - len(state.rargs) - 1, len(state.order)
        super()._process_opts(arg, state)
        for option in cast("list[FlagOption]", state.order[count:]):
            self.spans.append((option.row.name, range(start, self._length - len(state.rargs))))
