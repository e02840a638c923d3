"""The command as a user runs it: in a process of its own, with a home of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pitchquest_assets.settings import Settings
from pitchquest_assets.store.rows import videos
from pitchquest_assets.store.rows.videos import VideoRow
from pitchquest_assets.store.store import open_store

# These never pass from the environment that runs the tests: no vendor is ever called.
OURS = ("PITCHQUEST", "DAGSTER", "OPENAI", "GEMINI", "GOOGLE")
PITCHQUEST = Path(sys.executable).with_name("pitchquest")


@dataclass(frozen=True)
class Done:
    """How the command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Command:
    """`pitchquest` with these environment variables; no download is ever tried."""

    home: Path
    variables: dict[str, str]

    def __call__(self, *arguments: str | Path, **variables: str) -> Done:
        """Run the command to its end."""
        process = self.start(*arguments, **variables)
        out, err = process.communicate(timeout=600)
        return Done(process.returncode, out, err)

    def start(self, *arguments: str | Path, **variables: str) -> subprocess.Popen[str]:
        """Start the command and leave it running."""
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(OURS)},
            "PITCHQUEST_HOME": str(self.home),
            "PITCHQUEST_DOWNLOADS": "off",
            **self.variables,
            **variables,
        }
        return subprocess.Popen(
            [str(PITCHQUEST), *map(str, arguments)],
            env=environment,
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def rows(self) -> dict[str, VideoRow]:
        """The rows of `videos`, by video id."""
        store = open_store(Settings(home=self.home))
        return {row.video_id: row for row in videos.list_videos(store)}
