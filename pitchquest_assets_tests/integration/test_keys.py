"""Keys are nowhere but in the environment: not in logs, rows, reports, errors or process lists."""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from pitchquest_assets_tests.support import vendors
from pitchquest_assets_tests.support.command import Command
from pitchquest_assets_tests.support.homes import temporary_home
from pitchquest_assets_tests.support.media_factory import first_seconds
from pitchquest_assets_tests.support.told import all_told
from pitchquest_assets_tests.support.up import DEADLINE_SECONDS, Up
from pitchquest_assets_tests.support.vendors import FakeVendor

LOOK_SECONDS = 0.2
ALERTS = "marked-password-of-the-alerts"
DATABASE = "marked-password-of-the-database"
SECRETS = {
    "Gemini": vendors.GEMINI_KEY,
    "OpenAI": vendors.OPENAI_KEY,
    "alerts": ALERTS,
    "database": DATABASE,
}


@contextmanager
def process_lists(root: psutil.Process) -> Iterator[set[str]]:
    """Give the command lines of a process and all that it starts, as other users see them."""
    seen: set[str] = set()
    done = threading.Event()

    def look() -> None:
        while not done.wait(LOOK_SECONDS):
            with suppress(psutil.Error):
                for process in (root, *root.children(recursive=True)):
                    with suppress(psutil.Error):
                        seen.add(" ".join(process.cmdline()))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


@pytest.fixture
def up(sample: Path, gemini: FakeVendor, openai: FakeVendor) -> Iterator[Up]:
    """One with marked keys, whose alerts cannot be delivered."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        alerts = f"json://someone:{ALERTS}@127.0.0.1:{closed.getsockname()[1]}/"
    with temporary_home() as home:
        variables = {
            "COLUMNS": "300",
            "PITCHQUEST_TRANSCRIBER": "openai",
            "PITCHQUEST_VENDOR_ATTEMPTS": "1",
            "GEMINI_API_KEY": vendors.GEMINI_KEY,
            "GOOGLE_GEMINI_BASE_URL": gemini.url,
            "OPENAI_API_KEY": vendors.OPENAI_KEY,
            "OPENAI_BASE_URL": openai.url,
            "ALERT_URLS": alerts,
        }
        started = Up(Command(home, variables), sample)
        started.command("env")  # makes both databases
        url = started.command("env", "DATABASE_URL").out.strip()
        # The embedded database asks for no password, but takes one.
        marked = url.replace("postgres:", f"postgres:{DATABASE}", 1)
        assert DATABASE in marked
        dagsters = marked.replace("/postgres?", "/dagster?").replace(
            "postgresql:", "postgresql+psycopg2:", 1
        )
        variables["DAGSTER_POSTGRES_URL"] = dagsters
        try:
            started.start()
            yield started
        finally:
            started.stop()


@pytest.mark.slow
def test_a_key_is_in_no_log_row_report_error_or_process_list(
    up: Up, gemini: FakeVendor, openai: FakeVendor
) -> None:
    assert up.process is not None
    with process_lists(psutil.Process(up.process.pid)) as seen:
        good = up.submit_good("good")
        up.wait_for(good, "completed")
        assert gemini.requests
        assert openai.requests
        openai.script = [vendors.openai_error(403, f"No {vendors.OPENAI_KEY} here", "denied")]
        bad = up.submit(first_seconds(up.sample, up.command.home / "bad.mp4", 10))
        error = up.wait_for(bad, "failed").error
        assert "here" in str(error)
        gemini.script = [
            vendors.gemini_error(400, "INVALID_ARGUMENT", f"Bad key {vendors.GEMINI_KEY}?")
        ] * 6
        up.wait_until(
            lambda: any("did not accept a message" in told for told in all_told(up.command.home)),
            "the alert is not tried",
        )
        said = [
            up.command(*arguments)
            for arguments in (
                ("status",), ("status", good, "--json"), ("results", good), ("report", good),
                ("env",), ("env", "GEMINI_API_KEY"), ("env", "ALERT_URLS"), ("doctor",),
                ("analyze", first_seconds(up.sample, up.command.home / "worse.mp4", 15)),
            )
        ]  # fmt: skip
    assert "Bad key …?" in said[-1].err
    up.process.send_signal(signal.SIGTERM)
    told = [str(error), *up.process.communicate(timeout=DEADLINE_SECONDS)]
    told += [text for done in said for text in (done.out, done.err)] + sorted(seen)
    told += all_told(up.command.home)
    assert any("decoding_process" in line for line in seen), "no run was seen"
    found = {
        name: [text[max(0, text.find(key) - 200) : text.find(key)] for text in told if key in text]
        for name, key in SECRETS.items()
    }
    assert found == {name: [] for name in SECRETS}
