"""What a missing extra's hint says, by what installed the tool."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from openai_cli.client.extras import install_command

SERVE = {"h11", "uvicorn"}


def names(words: list[str]) -> set[str]:
    return {word.partition(">")[0].partition("<")[0] for word in words}


@pytest.fixture
def prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    return tmp_path


def test_pip_of_this_python(prefix: Path) -> None:
    words = shlex.split(install_command("serve"))
    assert words[:4] == [sys.executable, "-m", "pip", "install"]
    assert names(words[4:]) == SERVE


def test_pipx(prefix: Path) -> None:
    (prefix / "pipx_metadata.json").write_text("{}")
    words = shlex.split(install_command("serve"))
    assert words[:3] == ["pipx", "inject", "openai-threads-cli"]
    assert names(words[3:]) == SERVE


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('directory = "/my clone"', "/my clone"),
        ('editable = "/clone"', "/clone"),
        ('git = "https://example.com/x"', "git+https://example.com/x"),
        ('specifier = ">=0.1"', "openai-threads-cli"),
    ],
)
def test_uv(prefix: Path, source: str, expected: str) -> None:
    (prefix / "uv-receipt.toml").write_text(
        f'[tool]\nrequirements = [{{ name = "openai-threads-cli", {source} }}]\n'
    )
    words = shlex.split(install_command("serve"))
    assert words[:3] == ["uv", "tool", "install"]
    assert (words[3], words[5], words[-1]) == ("--with", "--with", expected)
    assert names([words[4], words[6]]) == SERVE


def test_without_an_installation(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openai_cli.client.extras.DISTRIBUTION", "no-such-distribution")
    assert install_command("serve").endswith("-m pip install '.[serve]'")
