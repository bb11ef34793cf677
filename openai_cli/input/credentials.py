"""Keys that stand in a file or on standard input."""

from __future__ import annotations

from collections.abc import Callable

from openai_cli.input.text_encodings import decode, without_line_break


def read_credential(text: str, read_stdin: Callable[[], bytes]) -> str:
    """The key itself, or that of the file for `@FILE`, of standard input for `-` and `@-`.

    A line break at its end is not part of it. Raises ValueError if nothing can be read.
    """
    if text in ("-", "@-"):
        source, data = "standard input", read_stdin()
    elif text.startswith("@"):
        # Imported late: it takes time, and few keys stand in files.
        from openai_cli.input.files import read_file

        source, data = "the file", read_file(text[1:])
    else:
        return text
    key = without_line_break(decode(data))
    if not key.strip():
        raise ValueError(f"{source} holds no key")
    return key
