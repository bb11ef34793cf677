"""The files in deploy/ fit together, and say nothing that the tool does not take.

They were checked once against the schemas of Compose and Kubernetes; here is what may change.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import openai_cli
from openai_cli.engine.serve.metrics import Metrics
from tests.support.shell import Shell

PROJECT = Path(__file__).parents[2]
SOURCE = "".join(
    file.read_text(encoding="utf-8") for file in Path(openai_cli.__file__).parent.rglob("*.py")
)
LAST_WORDS = 10
"""Seconds, beyond drain and grace, that a process may take to end."""


def documents(name: str) -> list[Any]:
    with (PROJECT / "deploy" / name).open(encoding="utf-8") as file:
        return list(yaml.safe_load_all(file))


(COMPOSE,) = documents("compose.yaml")
OBJECTS = {(one["kind"], one["metadata"]["name"]): one for one in documents("kubernetes.yaml")}
MONITOR, ADAPTER = documents("monitoring.yaml")
SERVICES = {name: COMPOSE["services"][name] for name in ("server", "worker")}
PODS = {
    name: one["spec"]["template"] for (kind, name), one in OBJECTS.items() if kind == "Deployment"
}
CONTAINERS = {name: pod["spec"]["containers"][0] for name, pod in PODS.items()}
COMMANDS = [
    *(pytest.param(one["command"], id=f"compose {name}") for name, one in SERVICES.items()),
    *(pytest.param(one["args"], id=f"kubernetes {name}") for name, one in CONTAINERS.items()),
]


def seconds(command: list[str], name: str) -> int:
    return int(command[command.index(name) + 1]) if name in command else 0


@pytest.mark.in_process
@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_taken(openai: Shell, command: list[str]) -> None:
    """All but the port that is added here, which keeps it from starting."""
    env = {"OPENAI_LOCAL_SERVER_KEY": "k", "OPENAI_LOCAL_STORE": "postgresql://db/team"}
    done = openai(*command, "--port", "65536", env=env)
    complaint = '--port: expected a whole number from 0 to 65535, found "65536"'
    assert done.err == f"error: {complaint}; not started\n"


def test_variables_are_read() -> None:
    named = set(COMPOSE["x-engine"]["environment"]) | set(OBJECTS["Secret", "engine"]["stringData"])
    assert len(named) == 5
    for name in named - {"PGPASSWORD"}:
        assert name in SOURCE, name


def test_processes_get_the_time_they_need() -> None:
    for service in SERVICES.values():
        given = int(service["stop_grace_period"].removesuffix("s"))
        assert given >= seconds(service["command"], "--grace") + LAST_WORDS
    for name, pod in PODS.items():
        command = CONTAINERS[name]["args"]
        needed = seconds(command, "--drain") + seconds(command, "--grace") + LAST_WORDS
        assert pod["spec"]["terminationGracePeriodSeconds"] >= needed


def test_servers_drain_longer_than_it_takes_to_notice() -> None:
    probe = CONTAINERS["server"]["readinessProbe"]
    failures = probe.get("failureThreshold", 3)
    assert seconds(CONTAINERS["server"]["args"], "--drain") > probe["periodSeconds"] * failures


def test_nothing_runs_as_root() -> None:
    for name, pod in PODS.items():
        assert pod["spec"]["securityContext"]["runAsNonRoot"]
        assert not CONTAINERS[name]["securityContext"]["allowPrivilegeEscalation"]
        assert CONTAINERS[name]["securityContext"]["readOnlyRootFilesystem"]
    uid = PODS["server"]["spec"]["securityContext"]["runAsUser"]
    assert f"--uid {uid} " in (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    for service in SERVICES.values():
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])


def test_ports_and_paths() -> None:
    for container in CONTAINERS.values():
        (port,) = container["ports"]
        assert port["containerPort"] == (seconds(container["args"], "--port") or 8080)
        for probe in ("livenessProbe", "readinessProbe"):
            asked = container[probe]["httpGet"]
            assert asked["port"] == port["name"]
            assert f'"{asked["path"]}"' in SOURCE
    assert OBJECTS["Service", "server"]["spec"]["ports"][0]["targetPort"] == "http"


def test_selectors_find_their_pods() -> None:
    labels = {name: pod["metadata"]["labels"] for name, pod in PODS.items()}
    for name in PODS:
        deployment = OBJECTS["Deployment", name]["spec"]
        assert deployment["selector"]["matchLabels"] == labels[name]
        budget = OBJECTS["PodDisruptionBudget", name]["spec"]
        assert budget["selector"]["matchLabels"] == labels[name]
    assert OBJECTS["Service", "server"]["spec"]["selector"] == labels["server"]
    (found,) = MONITOR["spec"]["selector"]["matchExpressions"]
    assert [{found["key"]: value} for value in found["values"]] == list(labels.values())


def test_the_secret_is_the_one_that_is_named() -> None:
    for container in CONTAINERS.values():
        assert container["envFrom"] == [{"secretRef": {"name": "engine"}}]
    key = MONITOR["spec"]["podMetricsEndpoints"][0]["authorization"]["credentials"]
    assert key["key"] in OBJECTS["Secret", key["name"]]["stringData"]


def test_the_autoscaler_reads_what_the_server_tells() -> None:
    scaler = OBJECTS["HorizontalPodAutoscaler", "worker"]["spec"]
    (rule,) = ADAPTER["rules"]["external"]
    (metric,) = scaler["metrics"]
    assert metric["external"]["metric"]["name"] == rule["name"]["as"]
    assert ("Deployment", scaler["scaleTargetRef"]["name"]) in OBJECTS
    assert "replicas" not in OBJECTS["Deployment", "worker"]["spec"]
    told, _ = Metrics().text([], 0)
    assert re.search(rf"^{re.escape(rule['seriesQuery'])} ", told, re.MULTILINE)
