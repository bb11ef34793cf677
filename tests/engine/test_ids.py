"""Ids."""

import re
import secrets

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

    def lowest(limit: int) -> int:
        asked.append(limit)
        return 0

    monkeypatch.setattr(secrets, "randbelow", lowest)
    assert new_id("msg") == "msg_" + "a" * 24
    monkeypatch.setattr(secrets, "randbelow", lambda limit: limit - 1)
    assert new_id("msg") == "msg_" + "9" * 24
    assert asked == [62**24]
