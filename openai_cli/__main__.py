"""The `openai` command."""

from __future__ import annotations

import gc
import os
import sys

import openai_cli


def main() -> None:
    """Run the command line of this process and exit with its code."""
    if sys.argv[1:] in (["--version"], ["-v"]) and _print_version():
        return
    # Loading modules leaves no garbage. A collection per 700 objects would cost 10 ms.
    gc.set_threshold(50_000)
    code = _run()
    # Without this, the interpreter would look for garbage in all modules once more: 30 ms.
    gc.freeze()
    sys.exit(code)


def _run() -> int:
    # If click is installed, httpx imports its own command line, and rich with it.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None forbids the import
    try:
        # Imported here, so that Ctrl-C while modules load is handled too.
        from openai_cli.cli.interrupts import watched

        with watched() as interrupted:
            from openai_cli.cli.main import run

            return run(tuple(sys.argv[1:]), interrupted)
    except KeyboardInterrupt:
        return 130
    except (ImportError, AttributeError, TypeError):
        # A file that hides a package breaks the loading of the others in such ways.
        from openai_cli.shadowed_modules import hidden_package

        hidden = hidden_package()
        if not hidden:
            raise
        sys.stderr.write(f"error: {hidden}\n")
        return 1


def _print_version() -> bool:
    """Print the version before anything is loaded; False if stdout does not take it."""
    try:
        os.write(1, openai_cli.version_line().encode())
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
