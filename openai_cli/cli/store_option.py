"""Selects the store that a `local` command works on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openai_cli.client.address import LOCAL
from openai_cli.errors import Problem, UsageError

if TYPE_CHECKING:
    from openai_cli.cli.session import Session
    from openai_cli.engine.store_place import StorePlace


def selected_store(session: Session, *, beside_server: bool = False) -> StorePlace:
    """The store's file or database, from flags or the environment. Raises CliError."""
    from openai_cli.engine.store_place import store_place

    address = store_address(session, beside_server=beside_server)
    return store_place(address, session.configuration(engine=True).environ)


def store_address(session: Session, *, beside_server: bool = False) -> str:
    """The store's address: `local:FILE` from --store, else --base-url, else OPENAI_BASE_URL.

    FILE may be the URL of a database. The default is `local:`. `beside_server`: a --base-url that
    is a server is allowed and ignored. Raises UsageError.
    """
    last = {o.name: o.text or "" for o in session.arguments.occurrences}
    if beside_server and not last.get("--base-url", LOCAL).startswith(LOCAL):
        del last["--base-url"]
    if last.get("--store") == "":
        raise UsageError(problems=[Problem("--store", "is empty")])
    if "--store" in last:
        if "--base-url" in last:
            what = "cannot be combined with --base-url"
            raise UsageError(problems=[Problem("--store", what)])
        return LOCAL + last["--store"]
    url = last.get("--base-url")
    if url is not None and not url.startswith(LOCAL):
        raise UsageError(problems=[Problem("--base-url", "must be local: or local:FILE")])
    default = session.configuration(engine=True).environ.get("OPENAI_BASE_URL", "")
    return url or (default if default.startswith(LOCAL) else LOCAL)
