"""The `openai` command."""

from __future__ import annotations

import sys

from openai_cli.cli.interrupts import watched


def main() -> None:
    """Run the command line of this process and exit with its code."""
    # If click is installed, httpx imports its own command line, and rich with it.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None forbids the import
    try:
        with watched() as interrupted:
            # Imported here, so that Ctrl-C while modules load is handled too.
            from openai_cli.cli.main import run

            code = run(tuple(sys.argv[1:]), interrupted)
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
