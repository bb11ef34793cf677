"""The embedded Assistants engine: threads and runs in a file, without a hosted service.

To the rest of the tool it is an httpx transport:

    client = httpx.Client(base_url="http://local", transport=open_transport("local:", os.environ))

Nothing heavy is imported before `open_transport` is called.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

    from openai_cli.engine.strict_json import JsonObject


def open_transport(
    address: str,
    environ: Mapping[str, str],
    warn: Callable[[str], None] = lambda _line: None,
    watch: "Callable[[JsonObject], None]" = lambda _run: None,
) -> "httpx.BaseTransport":
    """Open the engine at a `local:` address; the file is created if it is missing.

    Args:
        address: `local:` for the default store, or `local:FILE`.
        environ: the environment; `OPENAI_LOCAL_STORE` sets the default store.
        warn: called with warnings that an answer cannot contain.
        watch: called with a run at each change while a request without a stream waits for it.

    Raises:
        StoreError: the store cannot be opened.
    """
    from openai_cli.engine.engine import Engine
    from openai_cli.engine.executor import InlineExecutor
    from openai_cli.engine.models.registry import ModelRegistry
    from openai_cli.engine.store import Store
    from openai_cli.engine.store_place import store_place
    from openai_cli.engine.transport import EngineTransport

    store = Store(store_place(address, environ))
    return EngineTransport(Engine(store, ModelRegistry(environ, warn), InlineExecutor(watch)))
