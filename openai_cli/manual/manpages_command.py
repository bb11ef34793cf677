"""`openai @manpages`: write the man pages to a folder."""

from __future__ import annotations

from pathlib import Path

from openai_cli.cli.session import Session
from openai_cli.errors import CliError, Problem, UsageError


def write_pages(session: Session) -> None:
    """Write every man page to the folder of `--output`, and print their paths.

    Raises UsageError without a folder, CliError if a page cannot be written.
    """
    from openai_cli.manual.man import man_pages

    folders = [o.text for o in session.arguments.occurrences if o.name == "--output"]
    if not folders or not folders[-1]:
        raise UsageError(problems=[Problem("--output", "is required: the folder to write to")])
    for file in write_files(Path(folders[-1]), man_pages()):
        session.env.out.write(f"{file}\n")


def write_files(folder: Path, files: dict[str, str]) -> list[Path]:
    """Write texts, by path below `folder`, and create missing folders. Returns the paths.

    Raises CliError if a file cannot be written.
    """
    written = [folder / name for name in files]
    try:
        for path, text in zip(written, files.values(), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        why = error.strerror or str(error)
        raise CliError(f"cannot write {error.filename or folder}: {why}") from None
    return written
