"""JSON text as a YAML document; numbers keep the server's spelling."""

from __future__ import annotations

import io
import re

from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import SafeRepresenter

from openai_cli.output.json_layout import Number, load

# Words that YAML 1.1 parsers, which are still common, do not read as strings.
_AMBIGUOUS = re.compile(
    r"y|n|yes|no|on|off|true|false|null|~|=|<<|[-+.\d][\d_.:eExXoObBa-fA-FtTzZ:+ -]*", re.I
)

# Line breaks in YAML 1.1 but not in JSON: unless escaped, a parser turns them into spaces.
_ODD_BREAKS = re.compile("[\x85\u2028\u2029]")
_BLOCK_BREAKERS = re.compile(r"[^\S\n]\n|^\s|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class _Representer(SafeRepresenter):
    """SafeRepresenter for `Number` and for strings in a chosen style."""


def _number(representer: SafeRepresenter, number: Number) -> ScalarNode:
    kind = "int" if re.fullmatch(r"-?\d+", number) else "float"
    return representer.represent_scalar("tag:yaml.org,2002:" + kind, str(number))


def _string(representer: SafeRepresenter, text: str) -> ScalarNode:
    style = None
    if _AMBIGUOUS.fullmatch(text) or _ODD_BREAKS.search(text):
        style = '"'
    elif "\n" in text and not _BLOCK_BREAKERS.search(text):
        style = "|"
    return representer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Representer.add_representer(Number, _number)
_Representer.add_representer(str, _string)


def as_yaml(text: str) -> str:
    """A JSON text as YAML 1.2, ending with a newline.

    YAML forbids repeated keys; the last value is kept, as JSON parsers do. Raises RecursionError
    for values nested too deeply.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.Representer = _Representer
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.width = 10_000
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # declared as None
    out = io.StringIO()
    yaml.dump(load(text), out)
    return out.getvalue().removesuffix("...\n")
