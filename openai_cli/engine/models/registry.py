"""Selects the model for a name: `echo` is built in, all others are asked at the upstream."""

import threading
from collections.abc import Callable, Mapping

from openai_cli.engine.models.echo import Echo
from openai_cli.engine.models.hosted_tools import read_drop_unsupported_tools
from openai_cli.engine.models.interface import Model
from openai_cli.engine.models.renamed import RenamedModel
from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.tool_turns import read_tool_turn_limit

_BUILT_IN = "echo"


class ModelRegistry:
    """The models of one engine; the upstream's adapter is created on first use."""

    def __init__(
        self,
        environ: Mapping[str, str],
        warn: Callable[[str], None] = lambda _line: None,
        wrapped: Callable[[Model], Model] = lambda model: model,
    ) -> None:
        """`wrapped` is applied to each model that `pick` returns."""
        self.warn = warn
        self._wrapped = wrapped
        self._environ = environ
        self._echo = Echo()
        self._lock = threading.Lock()
        self._upstream: Model | None = None

    def pick(self, name: str) -> Model:
        """The model for this name, which may be mapped to another one.

        Raises:
            RefusalError: the upstream's settings are missing or invalid.
        """
        asked = _name_to_ask(name, self._environ)
        if asked == _BUILT_IN:
            return self._wrapped(self._echo)
        upstream = self._open_upstream()
        return self._wrapped(upstream if asked == name else RenamedModel(upstream, asked))

    def names(self) -> list[str]:
        """The models that runs can name: `echo`, mapped names, and the upstream's models.

        Raises:
            RefusalError: the mapping of names is invalid.
        """
        names = [_BUILT_IN, *_mapped_names(self._environ)]
        try:
            listed = self._open_upstream().names()
        except RefusalError:
            return names  # no upstream is set up
        if not listed:
            self.warn("the upstream does not list its models")
        return list(dict.fromkeys([*names, *listed]))

    def _open_upstream(self) -> Model:
        with self._lock:
            if self._upstream is None:
                self._upstream = _adapter(self._environ, self.warn)
            return self._upstream

    @property
    def max_tool_turns(self) -> int:
        """The limit of tool-call turns of a run.

        Raises:
            RefusalError: the variable is not a number in the allowed range.
        """
        return read_tool_turn_limit(self._environ)

    @property
    def drops_unsupported_tools(self) -> bool:
        """Whether runs omit hosted tools that their model's backend does not support.

        Raises:
            RefusalError: the variable is neither 0 nor 1.
        """
        return read_drop_unsupported_tools(self._environ)

    def close(self) -> None:
        """Close the adapters."""
        self._echo.close()
        if self._upstream is not None:
            self._upstream.close()


def _name_to_ask(name: str, environ: Mapping[str, str]) -> str:
    if name == _BUILT_IN:
        return name
    from openai_cli.engine.models.upstream.config import read_names

    return read_names(environ).of(name)


def _mapped_names(environ: Mapping[str, str]) -> list[str]:
    from openai_cli.engine.models.upstream.config import read_names
    from openai_cli.engine.models.upstream.model_names import ALL_NAMES

    return [name for name in read_names(environ).pairs if name != ALL_NAMES]


def _adapter(environ: Mapping[str, str], warn: Callable[[str], None]) -> Model:
    from openai_cli.engine.models.upstream.config import read_upstream_config

    upstream = read_upstream_config(environ)
    upstream = upstream._replace(settings=upstream.settings._replace(warn=warn))
    if upstream.api == "chat":
        from openai_cli.engine.models.chat import Chat

        return Chat(upstream)
    from openai_cli.engine.models.responses import Responses

    return Responses(upstream)
