"""Maps the model names that assistants and runs use to names at the upstream."""

from collections.abc import Mapping
from typing import NamedTuple

_BUILT_IN = "echo"
ALL_NAMES = "*"


class ModelNames(NamedTuple):
    """Maps names to models; a name without a pair is used unchanged."""

    pairs: Mapping[str, str]

    def of(self, name: str) -> str:
        """The model at the upstream for this name."""
        return self.pairs.get(name) or self.pairs.get(ALL_NAMES) or name


def read_model_names(text: str) -> ModelNames:
    """`NAME` for every model, or `NAME=OTHER,…` where `*` stands for all other names.

    Raises ValueError with a message for the user.
    """
    pairs: dict[str, str] = {}
    for part in text.split(",") if text.strip() else ():
        name, equals, target = (piece.strip() for piece in part.rpartition("="))
        name = name if equals else ALL_NAMES
        if not (name and target) or target == ALL_NAMES:
            raise ValueError(f'expected MODEL or NAME=MODEL, found "{part.strip()}"')
        if name == _BUILT_IN:
            raise ValueError(f"{_BUILT_IN} is built in and cannot be another model")
        if pairs.setdefault(name, target) != target:
            which = "all names" if name == ALL_NAMES else name
            raise ValueError(f"two models for {which}: {pairs[name]} and {target}")
    return ModelNames(pairs)
