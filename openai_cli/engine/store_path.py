"""Where the store is: the base URL's text turned into a file."""

from collections.abc import Mapping
from pathlib import Path

from openai_cli.client.address import LOCAL
from openai_cli.errors import StoreError

STORE_VARIABLE = "OPENAI_LOCAL_STORE"


def store_path(address: str, environ: Mapping[str, str]) -> Path:
    """The file that `local:` (the default store) or `local:FILE` means.

    `OPENAI_LOCAL_STORE` names another default. `~` is expanded; a relative file is taken from the
    working directory.

    Raises:
        StoreError: the address is no `local:` address, or its home directory is unknown, or the
            working directory is gone.
    """
    if not address.startswith(LOCAL):
        raise StoreError(f"{address!r} is not an address of the local engine ({LOCAL}FILE).")
    name = address[len(LOCAL) :] or environ.get(STORE_VARIABLE, "")
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


def _default_path() -> Path:
    from platformdirs import user_data_path

    try:
        folder = user_data_path("openai-cli")
    except RuntimeError:
        folder = Path()
    if not folder.is_absolute():  # what older versions of platformdirs give without a home
        what = f"There is no home directory for the store: name a file for it in {STORE_VARIABLE}"
        raise StoreError(f"{what}, or with --base-url {LOCAL}FILE.")
    return folder / "assistants.db"
