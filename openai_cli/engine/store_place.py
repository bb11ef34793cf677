"""Converts a `local:` base URL to the store's file or database URL."""

import re
from collections.abc import Mapping
from pathlib import Path

from openai_cli.client.address import LOCAL, QUOTES
from openai_cli.errors import StoreError

STORE_VARIABLE = "OPENAI_LOCAL_STORE"
_DATABASE = ("postgresql://", "postgres://")


class DatabaseUrl:
    """A PostgreSQL database. `str()` omits user and password; `url` has both."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __str__(self) -> str:
        from openai_cli.client.redaction import redacted_url

        return redacted_url(self.url)


StorePlace = Path | DatabaseUrl


def store_place(address: str, environ: Mapping[str, str]) -> StorePlace:
    """The store of `local:` (the default store), `local:FILE` or `local:postgresql://…`.

    `OPENAI_LOCAL_STORE` names another default. `~` is expanded; a relative path is
    relative to the working directory.

    Raises:
        StoreError: not a `local:` address, an unsupported database, an unknown home directory, a
            deleted working directory, or quotes or blanks around the variable's value.
    """
    if not address.startswith(LOCAL):
        raise StoreError(f"{address!r} is not an address of the local engine ({LOCAL}FILE).")
    name = address[len(LOCAL) :] or _named(environ)
    if name.startswith(_DATABASE):
        return DatabaseUrl(name)
    if other := re.match(r"[A-Za-z][\w+.-]*://", name):
        raise StoreError(f"A store is a file or a {_DATABASE[0]} URL, not {other[0]}.")
    if "\0" in name:
        raise StoreError(f"{address!r} is not a file name.")
    if not name:
        return _default_path()
    try:
        return Path(name).expanduser().absolute()
    except RuntimeError as error:
        raise StoreError(f"The home directory in {name!r} is not known.") from error
    except FileNotFoundError as error:
        raise StoreError(f"The working directory, which holds {name!r}, is gone.") from error


def _named(environ: Mapping[str, str]) -> str:
    """The variable's value. Refuses quotes and blanks, which would create a store elsewhere."""
    name = environ.get(STORE_VARIABLE, "")
    if name[:1] in QUOTES and name[-1:] in QUOTES:
        what = "has quotes around it (docker --env-file keeps quotes)"
    elif name != name.strip():
        what = "has a space or a line break around it"
    else:
        return name
    raise StoreError(f"{STORE_VARIABLE} {what}.", hint=f"--base-url {LOCAL}FILE takes any name")


def check_driver(place: DatabaseUrl) -> None:
    """Raise a StoreError if the packages that connect to the database are missing."""
    from importlib.util import find_spec

    if not (find_spec("psycopg") and find_spec("psycopg_pool")):
        from openai_cli.client.extras import install_hint

        what = f"The store {place} needs a driver for PostgreSQL, which is not installed."
        raise StoreError(what, hint=install_hint("postgres"))


def _default_path() -> Path:
    from platformdirs import user_data_path

    try:
        folder = user_data_path("openai-cli")
    except RuntimeError:
        folder = Path()
    if not folder.is_absolute():  # returned by older versions of platformdirs without a home
        what = f"There is no home directory for the store: name a file for it in {STORE_VARIABLE}"
        raise StoreError(f"{what}, or with --base-url {LOCAL}FILE.")
    return folder / "assistants.db"
