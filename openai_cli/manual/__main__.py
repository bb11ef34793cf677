"""`python -m openai_cli.manual FOLDER`: write man pages, reference pages and the pictures.

Also writes the file that `--help` reads, into the package.
"""

from __future__ import annotations

import sys
from pathlib import Path

from openai_cli.cli.help_rows import FILE, kept_rows
from openai_cli.manual.man import man_pages
from openai_cli.manual.manpages_command import write_files
from openai_cli.manual.picture import bulk_picture, picture
from openai_cli.manual.reference import reference_pages


def documents() -> dict[str, str]:
    """Every generated document by its path below `docs/`."""
    pages = {f"man/{name}": text for name, text in man_pages().items()}
    pages |= {f"reference/{name}": text for name, text in reference_pages().items()}
    return {**pages, "picture.svg": picture(), "bulk.svg": bulk_picture()}


def write_documents(folder: Path) -> None:
    """Write all documents, and delete pages of commands that no longer exist."""
    written = set(write_files(folder, documents()))
    for path in {*(folder / "man").iterdir(), *(folder / "reference").iterdir()} - written:
        path.unlink()


if __name__ == "__main__":
    write_documents(Path(sys.argv[1]))
    write_files(FILE.parent, {FILE.name: kept_rows()})
