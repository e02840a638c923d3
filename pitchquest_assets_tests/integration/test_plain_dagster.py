"""Dagster's own commands, with no setting but PITCHQUEST_HOME."""

import json
import os
import subprocess
import sys
from pathlib import Path

from dagster._core.workspace.load_target import PyProjectFileTarget, WorkspaceFileTarget

from pitchquest_assets.cli.service import LOCATION
from pitchquest_assets_tests.support.command import Command
from pitchquest_assets_tests.support.places import ROOT, SAMPLE_PITCH

DEADLINE_SECONDS = 300


def run(home: Path, *command: str) -> str:
    """What the command says in the repository's folder; it must succeed."""
    environment = {name: value for name, value in os.environ.items() if "DAGSTER" not in name}
    done = subprocess.run(
        [str(Path(sys.executable).with_name(command[0])), *command[1:]],
        cwd=ROOT,
        env=environment | {"PITCHQUEST_HOME": str(home), "PITCHQUEST_TRANSCRIBER": "captions"},
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def test_dg_dagster_and_the_workspace_load_the_same_code_location() -> None:
    # Without arguments, `dg` and `dagster dev` read [tool.dg]; with `-w`, Dagster reads the other.
    found = {
        (origin.location_name, origin.loadable_target_origin.module_name)
        for target in (
            PyProjectFileTarget(str(ROOT / "pyproject.toml")),
            WorkspaceFileTarget([str(ROOT / "workspace.yaml")]),
        )
        for origin in target.create_origins()
    }
    assert found == {(LOCATION, "pitchquest_assets.definitions")}


def test_dagster_validates_the_definitions(home: Path) -> None:
    assert "All code locations passed validation" in run(home, "dagster", "definitions", "validate")


def test_dg_checks_the_definitions(home: Path) -> None:
    assert "All definitions loaded successfully" in run(home, "dg", "check", "defs")


def test_dagster_materialises_every_asset_of_a_known_video(pitchquest: Command, home: Path) -> None:
    assert pitchquest("analyze", SAMPLE_PITCH, "--video-id", "plain").code == 0
    module = ("-m", "pitchquest_assets.definitions")
    chosen = ("--select", "*", "--partition", "plain")
    said = run(home, "dagster", "asset", "materialize", *module, *chosen)
    result = json.loads(pitchquest("results", "plain").out)
    assert f"{result['job_id']} - " in said
    assert set(result["metadata"]["runs"].values()) == {result["job_id"]}
