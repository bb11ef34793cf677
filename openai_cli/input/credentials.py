"""Keys from a file or standard input."""

from __future__ import annotations

from collections.abc import Callable

from openai_cli.input.text_encodings import decode, without_line_break


def read_credential(text: str, read_stdin: Callable[[], bytes]) -> str:
    """The key: `text` itself, the file's content for `@FILE`, standard input for `-` and `@-`.

    A final line break is removed. Raises ValueError if there is no key or reading fails.
    """
    if text in ("-", "@-"):
        source, data = "standard input", read_stdin()
    elif text.startswith("@"):
        # Imported late: the import takes time, and few keys are in files.
        from openai_cli.input.files import read_file

        source, data = "the file", read_file(text[1:])
    else:
        return text
    key = without_line_break(decode(data))
    if not key.strip():
        raise ValueError(f"{source} has no key")
    return key
