"""`python -m openai_cli.completion FOLDER` writes the scripts of all shells."""

from __future__ import annotations

import sys
from pathlib import Path

from openai_cli.completion.script import FILES, script


def main(folder: Path) -> None:
    """Write each script into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for shell, name in FILES.items():
        (folder / name).write_text(script(shell), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
