"""What `pitchquest up` hands on to the programs that it starts."""

import subprocess
import sys
from pathlib import Path

ASK = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
START_IN_THE_BACKGROUND = f"""
import signal, sys
from pathlib import Path
from pitchquest_assets.cli.service import Service

signal.signal(signal.SIGINT, signal.SIG_IGN)
service = Service("asked", [sys.executable, "-c", {ASK!r}], Path(sys.argv[1]), lambda: True)
service.start()
sys.exit(service.process.wait())
"""


def test_programs_of_a_background_job_can_be_interrupted(tmp_path: Path) -> None:
    log = tmp_path / "log"
    subprocess.run([sys.executable, "-c", START_IN_THE_BACKGROUND, str(log)], check=True)
    assert log.read_text().strip() == "True"


def test_an_ignored_hang_up_stays_ignored(tmp_path: Path) -> None:
    program = """
import signal, sys
from unittest import mock

signal.signal(signal.SIGHUP, signal.SIG_IGN)
from pitchquest_assets.cli import app as command

with mock.patch.object(command, "app"):
    command.main()
print(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "True", done.stderr
