"""The locks hold all that is needed, as pyproject.toml and constraints.txt have it, with hashes."""

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from importlib import metadata

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from pitchquest_assets_tests.support.places import ROOT

LOCKS = ROOT / "locks"
EXTRAS = ("base", "celery", "emotion", "dev")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ENTRY = re.compile(
    r"(?P<name>[a-z0-9-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\]+))?"
    r"(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n"
)


def pins(lock: str) -> dict[str, re.Match[str]]:
    """The entries of a lock, by name, with those of the locks that it begins with."""
    found: dict[str, re.Match[str]] = {}
    content = (LOCKS / f"{lock}.txt").read_text()
    for included in re.findall(r"^-r (\w+)\.txt$", content, re.MULTILINE):
        found |= pins(included)
    return found | {entry["name"]: entry for entry in ENTRY.finditer(content)}


def wanted(lock: str) -> list[Requirement]:
    """What pyproject.toml names for it."""
    lines = list(PROJECT["dependencies"])
    extras = {"base": (), "dev": ("celery", "emotion", "dev")}.get(lock, (lock,))
    for extra in extras:
        lines += PROJECT["optional-dependencies"][extra]
    found = [Requirement(line) for line in lines]
    return [one for one in found if one.name != PROJECT["name"]]


def with_all_they_need(requirements: list[Requirement]) -> Iterator[Requirement]:
    """The requirements with those of what is installed for them, on this machine."""
    waiting, seen = list(requirements), set[str]()
    while waiting:
        one = waiting.pop()
        yield one
        for extra in ("", *one.extras):
            key = f"{canonicalize_name(one.name)}[{extra}]"
            if key in seen:
                continue
            seen.add(key)
            needed = map(Requirement, metadata.requires(one.name) or [])
            waiting += [
                two for two in needed if not two.marker or two.marker.evaluate({"extra": extra})
            ]


@pytest.mark.parametrize("lock", EXTRAS)
def test_every_entry_is_pinned_and_hashed_and_nothing_names_an_index(lock: str) -> None:
    left = ENTRY.sub("", (LOCKS / f"{lock}.txt").read_text())
    assert all(re.fullmatch(r"# .*|-r \w+\.txt", line) for line in left.splitlines()), left[:500]


def test_the_pins_are_those_of_constraints() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    constraints = {line for line in lines if not line.startswith("#")}
    assert {f"{one['name']}=={one['version']}" for one in pins("dev").values()} == constraints


@pytest.mark.parametrize("lock", EXTRAS)
def test_a_lock_has_all_that_its_extra_needs(lock: str) -> None:
    locked = pins(lock)
    for requirement in with_all_they_need(wanted(lock)):
        entry = locked.get(canonicalize_name(requirement.name))
        assert entry, f"{requirement} is not in locks/{lock}.txt: `make lock`"
        assert not entry["marker"] or Marker(entry["marker"]).evaluate(), entry.group()[:80]
        assert requirement.specifier.contains(entry["version"]), f"{requirement}: `make lock`"
        # A build of the same release for CPUs is the same version here.
        assert Version(metadata.version(requirement.name)).public == entry["version"]


@pytest.mark.parametrize(("options", "code"), [([], 1), (["--if-reachable"], 0)])
def test_an_audit_without_a_network_says_that_it_was_not_made(
    options: list[str], code: int
) -> None:
    nowhere = {"https_proxy": "http://127.0.0.1:9", "no_proxy": ""}
    done = subprocess.run(
        [ROOT / ".ci" / "audit", *options],
        env=os.environ | nowhere,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr == (
        "The audit was not made: no advisories can be had from api.osv.dev, nor from pypi.org.\n"
    )
