"""Which module may import which: the contracts are in pyproject.toml, under [tool.importlinter]."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pitchquest_assets_tests.support.places import DOCS, ROOT

PACKAGE, TESTS = ROOT / "pitchquest_assets", ROOT / "pitchquest_assets_tests"


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_imports_point_one_way() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("analysis/curves.py", "import dagster", "know no Dagster, no SQL and no vendor"),
        ("analysis/curves.py", "import pitchquest_assets.settings", "Imports point one way"),
        ("store/spool.py", "import pitchquest_assets.analysis.curves", "what a pitch is"),
        ("automation/jobs.py", "import pitchquest_assets.assets.audio", "Imports point one way"),
        ("worker.py", "import pitchquest_assets.store.store", "Imports point one way"),
        ("new_room.py", "", "Imports point one way"),
        ("model.py", "import pitchquest_assets_tests", "The package knows no tests"),
    ],
)
def test_an_import_against_the_direction_is_found(
    tmp_path: Path, file: str, line: str, contract: str
) -> None:
    for folder in (PACKAGE, TESTS):
        shutil.copytree(folder, tmp_path / folder.name, ignore=shutil.ignore_patterns("*.pyc"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / PACKAGE.name / file).open("a") as changed:
        changed.write(f"\n{line}\n")
    done = lint(tmp_path)
    assert done.returncode == 1
    assert contract in done.stdout


def test_every_test_module_mirrors_a_module() -> None:
    apart = {"integration", "rest", "support"}
    tested = [
        test.relative_to(TESTS)
        for test in TESTS.rglob("test_*.py")
        if not apart & set(test.relative_to(TESTS).parts)
    ]
    mirrors = {test: PACKAGE / test.with_name(test.name.removeprefix("test_")) for test in tested}
    without = [str(test) for test, module in mirrors.items() if not module.is_file()]
    assert without == ["test_architecture.py"]


def test_the_architecture_page_names_every_module() -> None:
    page = (DOCS / "architecture.md").read_text()
    modules = [module.relative_to(PACKAGE) for module in PACKAGE.rglob("*.py")]
    rooms = {str(module.parent.name) for module in modules if module.parent.name}
    assert [room for room in rooms if f"{room}/" not in page] == []
    files = [module for module in modules if module.name != "__init__.py"]
    assert [str(file) for file in files if file.name not in page] == []


def test_no_page_holds_the_marks_of_a_merge() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.glob("*.md")]
    marks = ("<<<<<<< ", ">>>>>>> ")
    assert [page.name for page in pages if any(mark in page.read_text() for mark in marks)] == []
