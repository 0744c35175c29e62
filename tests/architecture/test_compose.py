"""docker-compose.yml says only what is so: commands and settings that there are, images that stay, no secret, no open door."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.architecture.sources import ROOT
from tests.composition import FILE, FOLDER, PROGRAM, SECRETS, composition, environment, ours, services
from weft.cli.app import app
from weft.cli.health import PARTS
from weft.settings import Settings

ENV = {"WEFT_URL": "https://weft.example"}
ALL, OURS = sorted(services()), sorted(ours())
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+(\.\d+)?[\w.-]*(@sha256:[0-9a-f]{64})?")
WRITES_ITS_ROOT = {"elasticsearch"}
"""Who cannot be read-only, and says why in the file."""
REACH_OUT = {"proxy": {"public"}, "gateway": {"peers"}, "catalog": {"peers"}, "sync": {"peers"}, "weft": {"peers"}}


def parsed(arguments: list[str]) -> tuple[str, dict[str, Any]]:
    """What a command line is to `weft`: the command, and its parameters."""
    group: Any = typer.main.get_command(app)
    name, command, rest = group.resolve_command(group.make_context("weft", list(arguments)), list(arguments))
    return name, command.make_context(name, rest).params


def test_it_is_a_compose_file() -> None:
    command = [Path(sys.executable).with_name("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", FILE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


def test_every_part_of_a_node_is_a_service_that_runs_that_part() -> None:
    assert set(ours()) == {*PARTS, "weft"}
    for part in PARTS:
        name, given = parsed(services()[part]["command"])
        assert (name, given["part"], given["folder"]) == ("serve", part, Path(FOLDER))


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_asked_about_its_own_health_by_a_command_that_there_is(part: str) -> None:
    kind, program, *arguments = services()[part]["healthcheck"]["test"]
    name, given = parsed(arguments)
    assert (kind, program) == ("CMD", PROGRAM)
    assert (name, given["part"], given["folder"]) == ("health", part, Path(FOLDER))


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting_that_takes_the_value(name: str) -> None:
    found = {key: value for key, value in environment(ours()[name], ENV).items() if key.startswith("WEFT_")}
    settings = {key.removeprefix("WEFT_").lower(): value for key, value in found.items()}
    files = {key.removesuffix("_file") for key in settings if key.endswith("_file")}
    assert files <= set(Settings.model_fields)
    Settings(node="ece", data=Path(FOLDER), **{key: value for key, value in settings.items() if key[:-5] not in files})


@pytest.mark.parametrize("name", OURS)
def test_every_service_that_a_variable_names_is_there_at_that_port(name: str) -> None:
    for variable, value in environment(ours()[name], ENV).items():
        for host, port in re.findall(r"//(?:[^/@\s]*@)?([a-z]+):(\d+)", value):
            if host in PARTS:
                listening = environment(ours()[host], ENV)
                assert port == listening["WEFT_NATS_PORT" if host == "broker" else "WEFT_PORT"], variable
            else:
                assert host in ALL, variable


@pytest.mark.parametrize("name", OURS)
def test_every_file_that_a_variable_names_is_a_secret_that_is_given(name: str) -> None:
    values = environment(ours()[name], ENV).values()
    named = {value.removeprefix(f"{SECRETS}/") for value in values if value.startswith(SECRETS)}
    assert named == set(ours()[name]["secrets"])


@pytest.mark.parametrize("name", ALL)
def test_a_service_is_confined(name: str) -> None:
    service = services()[name]
    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    assert service["read_only"] is (name not in WRITES_ITS_ROOT)
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    assert not {"privileged", "network_mode", "pid", "ipc"} & set(service)
    if name != "weft":
        assert service["restart"] == "unless-stopped"
        assert {"cpus", "memory", "pids"} <= set(limits)
        assert service["healthcheck"]["test"][0] == "CMD", "a shell is not needed"


def test_only_the_proxy_can_be_reached_from_outside() -> None:
    assert [name for name, service in services().items() if "ports" in service or "expose" in service] == ["proxy"]
    networks = composition()["networks"]
    outside = {name for name, network in networks.items() if not network.get("internal")}
    for name, service in services().items():
        assert set(service["networks"]) & outside == REACH_OUT.get(name, set()), name


def test_only_the_parts_that_have_a_database_reach_one() -> None:
    reach = {name for name, service in services().items() if "data" in service["networks"]}
    assert reach == {"postgres", "catalog", "indicators", "search", "sync", "gateway", "weft"}
    assert {name for name, service in services().items() if "index" in service["networks"]} == {
        "search",
        "elasticsearch",
    }


@pytest.mark.parametrize("name", ALL)
def test_every_image_is_of_one_version(name: str) -> None:
    assert PINNED.fullmatch(services()[name]["image"])


def test_the_image_that_is_built_is_of_this_version() -> None:
    from weft import __version__

    assert {service["image"] for service in ours().values()} == {f"weft:{__version__}"}


def test_no_secret_is_written_down() -> None:
    for secret in composition()["secrets"].values():
        assert set(secret) == {"file"}
        assert secret["file"].startswith("./deploy/secrets/")
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text().splitlines()
    for name, service in services().items():
        for variable, value in service.get("environment", {}).items():
            secretive = re.search(r"PASSWORD|SECRET|TOKEN|KEY", variable)
            assert not secretive or variable.endswith("_FILE"), f"{name}: {variable}"
            assert not re.search(r"//[^/]*:[^/]*@", str(value)), f"{name}: {variable} holds a password"


def test_the_proxy_passes_to_the_gateway_and_reads_the_secrets_that_it_is_given() -> None:
    text = (ROOT / "deploy" / "proxy" / "nginx.conf").read_text()
    proxy = services()["proxy"]
    assert f"gateway:{environment(services()['gateway'], ENV)['WEFT_PORT']};" in text
    assert set(re.findall(rf"{SECRETS}/(\w+)", text)) == set(proxy["secrets"])
    assert {port.partition(":")[2] for port in proxy["ports"]} == set(re.findall(r"listen (\d+)", text))
    assert (
        environment(services()["gateway"], ENV)["FORWARDED_ALLOW_IPS"]
        == (composition()["networks"]["front"]["ipam"]["config"][0]["subnet"])
    )


def test_every_database_is_made_that_a_part_opens() -> None:
    made = re.findall(r"CREATE DATABASE weft_(\w+);", (ROOT / "deploy" / "postgres" / "databases.sql").read_text())
    assert sorted(made) == ["catalog", "gateway", "indicators", "search", "sync"]


def test_the_image_needs_no_shell_no_root_and_no_package_without_a_hash() -> None:
    text = (ROOT / "deploy" / "Dockerfile").read_text()
    lines = re.sub(r"\\\n", " ", text).splitlines()
    kinds = ("RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK")
    shells = [line for line in lines if line.startswith(kinds) and "[" not in line]
    assert shells == []
    assert re.search(r"^ARG PYTHON=python:3\.11\.\d+-\S+$", text, re.MULTILINE)
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["${PYTHON}", "${PYTHON}"]
    last = text.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert not re.search(r"^RUN", last, re.MULTILINE), "nothing is installed in what is shipped"
    assert "--require-hashes" in text
    assert "--no-index" in text
