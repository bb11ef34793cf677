"""The manifests and scripts on docs/bulk.md, checked as far as is possible without a cluster."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from openai_cli.api.operations import main_operation
from openai_cli.cli.catalog import command_rows

PAGE = (Path(__file__).parents[2] / "docs" / "bulk.md").read_text()


def blocks(info: str) -> list[str]:
    return re.findall(rf"^```{info}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def flags_in(text: str) -> set[str]:
    """The flags of the command in a script."""
    command = text.partition("create-and-run")[2]
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", command))


def test_the_job_of_kubernetes() -> None:
    (job,) = map(yaml.safe_load, blocks("yaml"))
    spec: dict[str, Any] = job["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    (script,) = container["args"]
    assert job["apiVersion"] == "batch/v1"
    assert spec["completionMode"] == "Indexed"
    # What Kubernetes demands of a failure policy, and of a limit for each index.
    assert pod["restartPolicy"] == "Never"
    assert spec["podFailurePolicy"]["rules"][0]["onExitCodes"]["containerName"] == container["name"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {
        volume["name"] for volume in pod["volumes"]
    }
    assert f"$part/{spec['completions']}" in script
    shown = subprocess.run(
        ["sh", "-c", script.replace("exec openai", "echo")],
        env={"JOB_COMPLETION_INDEX": "0"}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "--shard 1/8" in shown
    assert "--output /data/results-1.jsonl" in shown


@pytest.mark.parametrize("script", blocks("bash"))
def test_scripts_of_bash(script: str) -> None:
    subprocess.run(["bash", "-n"], input=script.encode(), check=True)
    assert shlex.split(script, comments=True)


def test_the_tasks_of_ray() -> None:
    (program,) = blocks("python")
    compile(program, "ray.py", "exec")


@pytest.mark.parametrize("text", [*blocks("yaml"), *blocks("bash")])
def test_all_flags_exist(text: str) -> None:
    known = {row.name for row in command_rows(main_operation())}
    assert {"--each", "--shard", "--output", "--wait"} <= flags_in(text) <= known
