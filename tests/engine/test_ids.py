"""Ids."""

import os
import re
from collections import Counter

import pytest

from openai_cli.engine.ids import new_id


def test_ids_have_letters_and_digits() -> None:
    ids = {new_id("run") for _ in range(500)}
    assert len(ids) == 500
    assert all(re.fullmatch(r"run_[A-Za-z0-9]{24}", one) for one in ids)
    for place in range(4, 28):
        assert len({one[place] for one in ids}) > 40, "every place takes (nearly) every letter"


def test_one_call_of_randomness_makes_an_id(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def counted(length: int) -> bytes:
        asked.append(length)
        return bytes(range(length))

    monkeypatch.setattr(os, "urandom", counted)
    assert new_id("msg") == "msg_abcdefghijklmnopqrstuvwx"
    assert asked == [48]


def test_each_letter_is_as_likely_as_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    every_byte = [bytes(range(248, 256)) * 6, *(bytes([n]) * 48 for n in range(248))]
    monkeypatch.setattr(os, "urandom", lambda _: every_byte.pop(0))
    ids = [new_id("msg") for _ in range(248)]
    assert set(Counter(ids).values()) == {4}
    assert len({*ids}) == 62
