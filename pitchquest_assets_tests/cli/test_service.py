"""What `pitchquest up` hands on to the programs that it starts."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
from filelock import FileLock

ASK = """
import os, signal
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
print(os.getsid(0) == os.getpid())
"""
START_IN_THE_BACKGROUND = """
import signal, sys
from pathlib import Path
from pitchquest_assets.cli.programs import Service

signal.signal(signal.SIGINT, signal.SIG_IGN)
service = Service("asked", ["asked"], Path(sys.argv[1]), lambda: True)
service.start()
service.process.join()
sys.exit(service.process.exitcode)
"""


def test_programs_of_a_background_job_can_be_interrupted_and_have_a_session_of_their_own(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    (tmp_path / "asked.py").write_text(ASK)
    variables = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    command = [sys.executable, "-c", START_IN_THE_BACKGROUND, str(log)]
    subprocess.run(command, check=True, env=variables)
    assert log.read_text().split() == ["True", "True"]


LOCK_AND_START = """
import sys, time
from pathlib import Path
from filelock import FileLock
from pitchquest_assets.cli.programs import Service

with FileLock(sys.argv[2]):
    service = Service("asked", ["asked"], Path(sys.argv[1]), lambda: True)
    service.start()
    print(service.process.pid, flush=True)
    time.sleep(60)
"""


def test_a_program_does_not_keep_the_lock_of_one_that_was_killed(tmp_path: Path) -> None:
    (tmp_path / "asked.py").write_text("import time; print('runs', flush=True); time.sleep(60)")
    variables = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    log, lock = tmp_path / "log", tmp_path / "lock"
    command = [sys.executable, "-c", LOCK_AND_START, str(log), str(lock)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=variables) as killed:
        assert killed.stdout is not None
        left = psutil.Process(int(killed.stdout.readline()))
        try:
            while not log.exists() or not log.read_text():
                time.sleep(0.1)
            killed.kill()
            killed.wait()
            with FileLock(lock, timeout=10):
                assert left.is_running()
        finally:
            left.kill()


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
