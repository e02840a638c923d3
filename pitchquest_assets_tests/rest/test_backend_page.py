"""The snippets of docs/backend.md do what the page says, in each of its languages."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from pitchquest_assets.store.objects import FolderObjects
from pitchquest_assets.store.rows import results, videos
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support import factories
from pitchquest_assets_tests.support.people import ALICE
from pitchquest_assets_tests.support.places import DOCS
from pitchquest_assets_tests.support.storage.keys import token
from pitchquest_assets_tests.support.supabase_project.node import node_folder
from pitchquest_assets_tests.support.supabase_project.whole_project import Project

PAGE = DOCS / "backend.md"
PITCH = b"a pitch, as far as Storage cares"
VIDEOS, RESULTS = 22_000, 1_500
SCORE = 87
STRENGTHS = [point.title for point in factories.feedback_lists().strengths]
# What a snippet prints, by section: in Python and JavaScript, and as curl shows it.
PRINTED = {
    "Upload a file": (r"^pitch-[0-9a-f]{12} uploaded$", r'\[\{"video_id":"pitch-\w+","status":"up'),
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
}
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
                from generate_series(1, :videos - 6) as n
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
    result = factories.pitch_result(video_id="pitch-7")
    results.save_result(store, result)
    old = "pitch-of-last-year"
    videos.register(store, old, f"videos/{ALICE}/{old}.mp4", owner=ALICE)
    with project.engine.begin() as connection:
        change = "update analysis_results set overall_score = :score, created_at = now()"
        connection.execute(text(f"{change} where video_id = 'pitch-7'"), {"score": SCORE})
    return project


def python_script(snippets: dict[str, str]) -> str:
    marked = [f'print("{MARK}{name}")\n{code}' for name, code in snippets.items()]
    return "\n".join([*marked, f'print("{MARK}everything")', EVERYTHING_IN_PYTHON])


def javascript_script(snippets: dict[str, str]) -> str:
    marked = [f'console.log("{MARK}{name}");\n{code}' for name, code in snippets.items()]
    return "\n".join([*marked, f'console.log("{MARK}everything");', EVERYTHING_IN_JAVASCRIPT])


def shell_script(snippets: dict[str, str]) -> str:
    marked = [f'echo; echo "{MARK}{name}"\n{code}' for name, code in snippets.items()]
    return "\n".join(["set -eu", *marked])


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


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_snippet_does_what_the_page_says(
    full_project: Project, tmp_path: Path, language: str
) -> None:
    program, script_of, name, shape = LANGUAGES[language]
    snippets = sections(language)
    assert set(PRINTED) <= set(snippets)
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
    for section, expected in PRINTED.items():
        assert re.search(expected[shape], outputs[section]), (section, outputs[section][:500])
    if language != "sh":
        assert all(strength in outputs["Read the result"] for strength in STRENGTHS)
        assert outputs["Read the result"].splitlines()[-1] == "auto run-1"
        # Alice has four: the snippets have added a file and two rows, and deleted one.
        assert outputs["everything"].split() == ["4", str(VIDEOS + 2)]
    else:
        assert '[{"judge":"auto","transcript":"run-1"}]' in outputs["Read the result"]
    assert full_project.storage.data(f"videos/{ALICE}/pitch.mp4") == PITCH
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
