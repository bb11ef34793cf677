"""A machine without the programs that some tests use: they are skipped, or fail where asked to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.programs import ALL_NEEDED

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize(("all_needed", "code"), [("", 0), ("1", 1)])
def test_what_is_not_installed_is_named(all_needed: str, code: int, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider",
         "tests/manual/test_roff.py"],
        cwd=ROOT,
        env={**os.environ, "PATH": str(tmp_path), ALL_NEEDED: all_needed},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    assert "not installed: mandoc" in done.stdout
    assert "not installed: groff" in done.stdout
    last = done.stdout.splitlines()[-1]
    assert ("4 errors" if code else "4 skipped") in last
    assert "1 passed" in last
