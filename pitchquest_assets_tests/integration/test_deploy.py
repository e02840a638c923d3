"""What is in deploy/, as far as it can be checked without a container engine."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pitchquest_assets.cli.dagster_instance import instance_config
from pitchquest_assets.settings import Settings
from pitchquest_assets_tests.support.places import ROOT

DEPLOY = ROOT / "deploy"
BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [
        ["hadolint", "Dockerfile"],
        ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"],
    ],
    ids=["Dockerfile", "compose.yaml"],
)
def test_its_validator_finds_nothing(command: list[str]) -> None:
    program, *arguments = command
    done = subprocess.run(
        [BIN / program, *arguments], cwd=DEPLOY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_instance_of_several_machines_is_the_one_that_up_and_worker_write() -> None:
    settings = Settings(broker_url="redis://redis:6379/0")
    shipped, written = (
        yaml.safe_load((DEPLOY / "dagster.yaml").read_text()),
        instance_config(settings),
    )
    assert shipped == {section: written[section] for section in shipped}
    assert {"storage", "run_launcher", "run_queue", "run_monitoring", "run_retries"} <= set(shipped)


def test_the_image_runs_as_nobody_of_the_host_and_takes_what_the_lock_names() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    assert "USER 10001" in text
    installed = [line for line in text.splitlines() if "pip install" in line]
    assert len(installed) == 2
    assert installed[0].endswith(" --no-deps --require-hashes -r locks/celery.txt")
    assert installed[1].endswith(" --no-deps --no-build-isolation .")
    assert "!locks\n" in (DEPLOY / "Dockerfile.dockerignore").read_text()


def test_every_program_of_the_compose_file_is_pinned_and_its_secrets_are_not_in_it() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    assert set(services) == {"postgres", "redis", "control", "worker"}
    for name in ("postgres", "redis"):
        assert services[name]["image"].count(".") >= 1
    for name in ("control", "worker"):
        environment = services[name]["environment"]
        for secret in ("SUPABASE_KEY", "DATABASE_URL"):
            assert environment[secret].startswith("${")
