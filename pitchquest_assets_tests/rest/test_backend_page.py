"""The snippets of docs/backend.md do what the page says, in each of its languages."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text
from standardwebhooks import Webhook

from pitchquest_assets.model import Report
from pitchquest_assets.store.objects import FolderObjects
from pitchquest_assets.store.rows import queue, results, videos
from pitchquest_assets.store.rows.asset_values import Address, save_value
from pitchquest_assets.store.store import Store
from pitchquest_assets.store.supabase.objects import SupabaseObjects
from pitchquest_assets.store.supabase.storage import SupabaseStorage
from pitchquest_assets_tests.support import factories
from pitchquest_assets_tests.support.people import ALICE
from pitchquest_assets_tests.support.places import DOCS
from pitchquest_assets_tests.support.storage.keys import JWT_SECRET, token
from pitchquest_assets_tests.support.supabase_project.node import node_folder
from pitchquest_assets_tests.support.supabase_project.whole_project import Project
from pitchquest_assets_tests.support.webhooks import SECRET

PAGE = DOCS / "backend.md"
PITCH = b"a pitch, as far as Storage cares"
VIDEOS, RESULTS = 22_000, 1_500
SCORE = 87
STRENGTHS = [point.title for point in factories.feedback_lists().strengths]
# What a snippet prints, by section: in Python and JavaScript, and as curl shows it; '' if there is
# none.
PRINTED = {
    "Upload a file": (
        r"^What's next\? #1\.mp4 uploaded$",
        r'\[\{"filename":"What\'s next\? #1\.mp4","status":"uploaded"\}\]',
    ),
    "Captions": (
        rf"^videos/{ALICE}/bakery\.vtt$",
        rf'"captions_path":"videos/{ALICE}/bakery\.vtt"',
    ),
    "Large files: resumable uploads": (r"^(True|true)$", r"^204$"),
    "Let a page upload without a session": (r"^uploaded$", r'\[\{"status":"uploaded"\}\]'),
    "See how far a video is": (
        r"^2 of 9: frames$",
        r'"steps_done":2,"steps_total":9,"current_step":"fr',
    ),
    "Show the report": (r"^<!doctype html>$", r"<!doctype html>$"),
    "Read the status, and set it": (
        r"^completed (None|null)$",
        r'"status":"completed","error":null',
    ),
    "Read the result": (rf"^{SCORE} \[", rf'"overall_score":{SCORE},"strengths":\[\{{'),
    "Delete a video": (r"^(True|true)$", r"^true$"),
    "How many": (r"^3$", r"(?i)content-range: \S+/3"),
    "The last 100 scores": (
        rf"^100 {SCORE}$",
        rf'^\[\{{"video_id":"pitch-7","overall_score":{SCORE},',
    ),
    "Monitoring metrics of one type": (r"^4$", r'"queue_depth": 4'),
    "All rows": (rf"^{RESULTS}$", rf"^\s*{RESULTS}$"),
    "JWT: who is asking": (r"^pitch-7$", ""),
    "CORS: from a web page": ("", r"(?i)^access-control-allow-origin: \S+"),
}
REPORT = b"<!doctype html><title>Report</title><p>What was said.</p>"
EVENT = '{"type": "video.failed", "data": {"video_id": "failed-1"}}'
MARK = "=== "


def sections(language: str) -> dict[str, str]:
    """The snippets of the page in one language, by heading."""
    parts = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)
    found = {}
    for part in parts:
        snippets = re.findall(rf"^```{language}\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)
        if snippets:
            [found[part.splitlines()[0]]] = snippets
    return found


@pytest.fixture
def full_project(project: Project, tmp_path: Path) -> Project:
    """22,000 videos and 1,500 results, of which the newest is Alice's `pitch-7`."""
    store = Store(project.engine, FolderObjects(tmp_path / "objects"))
    with project.engine.begin() as connection:
        connection.execute(
            text("""
                insert into videos (video_id, filename, file_path, status)
                select 'video-' || n, 'pitch.mp4', '/in/' || n || '.mp4', 'completed'
                from generate_series(1, :videos - 7) as n
            """),
            {"videos": VIDEOS},
        )
        connection.execute(
            text("""
                insert into analysis_results (
                  video_id, job_id, overall_score, content_analysis, delivery_analysis,
                  visual_analysis, feedback, metadata, processing_time_seconds, created_at
                )
                select 'video-' || n, 'job', n % 101, '{}', '{}', '{}', '{}', '{}', 1,
                  now() - n * interval '1 hour'
                from generate_series(1, :results - 1) as n
            """),
            {"results": RESULTS},
        )
        connection.execute(
            text("""
                insert into monitoring_metrics (metric_type, metric_value, timestamp) values
                  ('system_health', '{"queue_depth": 3}', now() - interval '1 hour'),
                  ('system_health', '{"queue_depth": 4}', now()),
                  ('api_cost', '{"total_usd": 1}', now())
            """)
        )
    for name in ("failed-1", "failed-2", "failed-3", "failed-7"):
        videos.register(store, name, f"/in/{name}.mp4")
        videos.mark_failed(store, name, "No picture.")
    videos.register(store, "pitch-7", f"videos/{ALICE}/pitch-7.mp4", owner=ALICE)
    videos.register(store, "pitch-8", f"videos/{ALICE}/pitch-8.mp4", owner=ALICE)
    queue.claim(store, "pitch-8", "run-8", attempt=0)
    for step in ("source_video", "audio"):
        save_value(store, Address(step, "pitch-8"), {}, run_id="run-8", code_version="1")
    result = factories.pitch_result(video_id="pitch-7")
    results.save_result(store, result)
    old = "pitch-of-last-year"
    videos.register(store, old, f"videos/{ALICE}/{old}.mp4", owner=ALICE)
    with project.engine.begin() as connection:
        change = "update analysis_results set overall_score = :score, created_at = now()"
        connection.execute(text(f"{change} where video_id = 'pitch-7'"), {"score": SCORE})
    objects = SupabaseObjects(SupabaseStorage(project.url, token("service_role")))
    report = Report(payload=REPORT, video_id="pitch-7")
    address = Address("feedback_report", "pitch-7")
    save_value(Store(project.engine, objects), address, report, run_id="run-1", code_version="1")
    return project


def python_script(snippets: dict[str, str]) -> str:
    marked = [f'print("{MARK}{name}")\n{code}' for name, code in snippets.items()]
    called = [f'print("{MARK}a receiver")', RECEIVER_IN_PYTHON]
    return "\n".join([*marked, *called, f'print("{MARK}everything")', EVERYTHING_IN_PYTHON])


def javascript_script(snippets: dict[str, str]) -> str:
    marked = [f'console.log("{MARK}{name}");\n{code}' for name, code in snippets.items()]
    called = [f'console.log("{MARK}a receiver");', RECEIVER_IN_JAVASCRIPT]
    ended = [f'console.log("{MARK}everything");', EVERYTHING_IN_JAVASCRIPT]
    return "\n".join([*marked, *called, *ended])


def shell_script(snippets: dict[str, str]) -> str:
    marked = [f'echo; echo "{MARK}{name}"\n{code}' for name, code in snippets.items()]
    return "\n".join(["set -eu", *marked])


# The event arrives twice, and once with another body.
RECEIVER_IN_PYTHON = """
import json

body, told = os.environ["EVENT"].encode(), json.loads(os.environ["EVENT_HEADERS"])
print(receive(body, told), receive(body, told), receive(body + b" ", told))
"""
RECEIVER_IN_JAVASCRIPT = """
const { EVENT, EVENT_HEADERS } = process.env;
const told = JSON.parse(EVENT_HEADERS);
console.log(receive(EVENT, told), receive(EVENT, told), receive(EVENT + " ", told));
"""
EVERYTHING_IN_PYTHON = (
    'print(len({row["video_id"] for row in all_rows(user, "videos", "video_id")}))\n'
)
EVERYTHING_IN_PYTHON += (
    'print(len({row["video_id"] for row in all_rows(backend, "videos", "video_id")}))'
)
EVERYTHING_IN_JAVASCRIPT = """
for (const client of [user, backend]) {
  const ids = new Set();
  for await (const one of allRows(client, "videos", "video_id")) ids.add(one.video_id);
  console.log(ids.size);
}
process.exit(0);
"""
LANGUAGES: dict[str, tuple[str, Callable[[dict[str, str]], str], str, int]] = {
    "python": (sys.executable, python_script, "script.py", 0),
    "javascript": ("node", javascript_script, "script.mjs", 0),
    "sh": ("bash", shell_script, "script.sh", 1),
}


def signed_headers(body: str) -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("evt_1", now, body),
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_snippet_does_what_the_page_says(
    full_project: Project, tmp_path: Path, language: str
) -> None:
    program, script_of, name, shape = LANGUAGES[language]
    snippets = sections(language)
    printed = {name: both[shape] for name, both in PRINTED.items() if both[shape]}
    assert set(printed) <= set(snippets)
    (tmp_path / name).write_text(script_of(snippets))
    (tmp_path / "pitch.mp4").write_bytes(PITCH)
    (tmp_path / "node_modules").symlink_to(node_folder() / "node_modules")
    done = subprocess.run(
        [program, name],
        cwd=tmp_path,
        env=os.environ
        | {
            "SUPABASE_URL": full_project.url,
            "SUPABASE_KEY": token("service_role"),
            "SUPABASE_PUBLISHABLE_KEY": token("anon"),
            "USER_TOKEN": token("authenticated", str(ALICE)),
            "USER_ID": str(ALICE),
            "SUPABASE_JWT_SECRET": JWT_SECRET,
            "PITCHQUEST_WEBHOOK_SECRET": SECRET,
            "EVENT": EVENT,
            "EVENT_HEADERS": json.dumps(signed_headers(EVENT)),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    outputs = {
        part.partition("\n")[0]: part.partition("\n")[2].strip()
        for part in done.stdout.split(MARK)[1:]
    }
    for section, expected in printed.items():
        assert re.search(expected, outputs[section]), (section, outputs[section][:500])
    if language != "sh":
        assert all(strength in outputs["Read the result"] for strength in STRENGTHS)
        assert outputs["Read the result"].splitlines()[-1] == "auto run-1"
        # Alice has eight: the snippets have added four files and two rows, and deleted one.
        assert outputs["a receiver"].splitlines() == ["video.failed failed-1", "204 204 401"]
        assert outputs["everything"].split() == ["8", str(VIDEOS + 5)]
    else:
        assert '[{"judge":"auto","transcript":"run-1"}]' in outputs["Read the result"]
    names = full_project.storage.names("videos")
    plain = {f"{ALICE}/{name}" for name in ("bakery.mp4", "bakery.vtt", "large.mp4", "signed.mp4")}
    [named_by_uuid] = set(names) - plain
    assert UUID(Path(named_by_uuid).stem)
    for name in names:
        data = full_project.storage.data(f"videos/{name}")
        assert data.startswith(b"WEBVTT") if name.endswith(".vtt") else data == PITCH
    store = Store(full_project.engine, FolderObjects(tmp_path / "objects"))
    assert videos.find(store, "pitch-of-last-year") is None
    again = videos.get(store, "failed-7")
    assert (again.status, again.attempts, again.error) == ("uploaded", 1, None)
    assert videos.get(store, "demo-day-7").owner == ALICE
    assert videos.get(store, "demo-day-7").options == {"judge": "local", "max_frames": 20}
    assert videos.get(store, "pitch-de").options == {"language": "de"}


@pytest.mark.parametrize(
    ("role", "options", "status"),
    [
        ("authenticated", {"language": "de"}, 201),
        ("authenticated", {"language": "de", "judge": "rules"}, 403),
        ("service_role", {"judge": "local", "max_frames": 20}, 201),
        ("service_role", {"judge": "a coin"}, 400),
        ("service_role", {"colour": "red"}, 400),
    ],
)
def test_options_are_refused_as_the_page_says(
    project: Project, role: str, options: dict[str, object], status: int
) -> None:
    user = str(ALICE)
    session = token(role, user) if role == "authenticated" else token(role)
    name = f"options-{uuid4()}"
    row = {"video_id": name, "filename": "a.mp4", "file_path": f"videos/{user}/{name}.mp4"}
    answer = httpx.post(
        f"{project.url}/rest/v1/videos",
        headers={"apikey": token("anon"), "Authorization": f"Bearer {session}"},
        json=row | {"options": options},
    )
    assert answer.status_code == status, answer.text


def test_an_answer_ends_at_a_thousand_rows_in_silence(full_project: Project) -> None:
    client = full_project.client("service_role")
    answer = client.table("videos").select("id", count="exact").limit(5000).execute()
    assert (len(answer.data), answer.count) == (1000, VIDEOS)


def test_realtime_tells_of_videos_and_results(project: Project) -> None:
    with project.engine.connect() as connection:
        told = connection.scalars(
            text("select tablename from pg_publication_tables where pubname = 'supabase_realtime'")
        ).all()
    assert sorted(told) == ["analysis_results", "videos"]
