import os
import stat
from pathlib import Path

import pytest

from pitchquest_assets.store.home import make_home


def mode(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


@pytest.mark.parametrize(("user", "expected"), [(0, 0o711), (1000, 0o700)])
def test_nobody_else_can_look_into_a_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: int, expected: int
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    home = tmp_path / "deep" / "home"
    make_home(home)
    assert (mode(home), mode(home.parent)) == (expected, expected)


def test_a_home_of_the_default_name_from_before_is_closed(tmp_path: Path) -> None:
    home = tmp_path / ".pitchquest"
    home.mkdir()
    home.chmod(0o755)
    make_home(home)
    assert mode(home) in (0o700, 0o711)


def test_a_folder_that_may_serve_for_other_things_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_home(tmp_path)
    assert mode(tmp_path) == 0o755
