"""The Storage of the tests is as strict as the real server: names, signatures, HTML, deletions.

The scripts use supabase-js, as web pages do. Each difference was seen at a real Storage server.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from pitchquest_assets_tests.support.people import ALICE, BOB
from pitchquest_assets_tests.support.storage.keys import token
from pitchquest_assets_tests.support.supabase_project.node import node_folder
from pitchquest_assets_tests.support.supabase_project.whole_project import Project

HEAD = f"""
import {{ createClient }} from "@supabase/supabase-js";
const {{ SUPABASE_URL, KEY, USER_TOKEN }} = process.env;
const user = createClient(SUPABASE_URL, KEY, {{
  global: {{ headers: {{ Authorization: `Bearer ${{USER_TOKEN}}` }} }},
}});
const videos = user.storage.from("videos");
const folder = "{ALICE}";
const video = {{ contentType: "video/mp4" }};
"""


def javascript(project: Project, folder: Path, script: str) -> Any:
    """What the script, as Alice, puts into `said`."""
    code = f"{HEAD}\nlet said;\n{script}\nconsole.log(JSON.stringify(said));\nprocess.exit(0);"
    (folder / "script.mjs").write_text(code)
    (folder / "node_modules").symlink_to(node_folder() / "node_modules")
    done = subprocess.run(
        ["node", "script.mjs"],
        cwd=folder,
        env={
            "PATH": "/usr/bin:/bin:/usr/local/bin",
            "SUPABASE_URL": project.url,
            "KEY": token("anon"),
            "USER_TOKEN": token("authenticated", str(ALICE)),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def stored(project: Project) -> list[str]:
    return [name.removeprefix(f"{ALICE}/") for name in project.storage.names("videos")]


def rows(project: Project) -> list[str]:
    with project.engine.connect() as connection:
        return list(connection.scalars(text("select filename from videos order by id")))


@pytest.mark.parametrize(
    ("name", "becomes", "has_row"),
    [
        ("What's next?.mp4", "What's next", False),
        ("pitch #1.mp4", "pitch ", False),
        ("It's $5, a@b; c:d!.mp4", "It's $5, a@b; c:d!.mp4", True),
        ("with space & more.mp4", "with space & more.mp4", True),
        ("noextension", "noextension", False),
        ("phone.3gp", "phone.3gp", False),
    ],
)
def test_supabase_js_does_not_encode_names(
    project: Project, tmp_path: Path, name: str, becomes: str, has_row: bool
) -> None:
    script = f"said = await videos.upload(`${{folder}}/` + {json.dumps(name)}, 'pitch', video);"
    assert javascript(project, tmp_path, script)["error"] is None
    assert stored(project) == [becomes]
    assert rows(project) == ([becomes] if has_row else [])


@pytest.mark.parametrize("name", ["Ünïcode.mp4", "日本.mp4", "100%.mp4", 'say "hi".mp4'])
def test_names_beyond_ascii_and_percent_signs_are_refused(
    project: Project, tmp_path: Path, name: str
) -> None:
    script = f"said = await videos.upload(`${{folder}}/` + {json.dumps(name)}, 'pitch', video);"
    assert "Invalid key" in javascript(project, tmp_path, script)["error"]["message"]
    assert stored(project) == []


@pytest.mark.parametrize(("name", "status"), [("a b.mp4", 200), ("a?b.mp4", 400), ("a&b.mp4", 400)])
def test_a_signed_url_is_compared_with_the_decoded_name(
    project: Project, name: str, status: int
) -> None:
    """Reserved characters stay encoded in what is signed, and are decoded where it is compared."""
    quoted = name.replace(" ", "%20").replace("?", "%3F").replace("&", "%26")
    headers = {"Authorization": f"Bearer {token('service_role')}", "apikey": token("anon")}
    at = f"{project.url}/storage/v1/object"
    sent = headers | {"Content-Type": "video/mp4"}
    httpx.post(f"{at}/videos/{quoted}", headers=sent, content=b"x").raise_for_status()
    asked = httpx.post(f"{at}/sign/videos/{quoted}", headers=headers, json={"expiresIn": 60})
    signature = asked.json()["signedURL"].rpartition("token=")[2]
    answer = httpx.get(f"{at}/sign/videos/{quoted}", params={"token": signature})
    assert answer.status_code == status
    assert httpx.get(f"{at}/authenticated/videos/{quoted}", headers=headers).content == b"x"


def test_html_is_served_as_plain_text(project: Project, tmp_path: Path) -> None:
    script = """
    const page = { contentType: "text/html; charset=utf-8" };
    await videos.upload(`${folder}/report.html`, "<h1>Report</h1>", page);
    const { data } = await videos.download(`${folder}/report.html`);
    said = [data.type, await data.text()];
    """
    kind, content = javascript(project, tmp_path, script)
    assert (kind, content) == ("text/plain", "<h1>Report</h1>")


def test_rows_of_storage_are_not_deleted_by_sql(project: Project) -> None:
    for table in ("objects", "buckets"):
        with (
            project.engine.connect() as connection,
            pytest.raises(ProgrammingError, match="Use the Storage API instead"),
        ):
            connection.execute(text(f"delete from storage.{table}"))


def test_a_user_who_removes_a_file_is_told_nothing_and_it_stays(
    project: Project, tmp_path: Path
) -> None:
    script = """
    await videos.upload(`${folder}/a.mp4`, "pitch", video);
    said = await videos.remove([`${folder}/a.mp4`]);
    """
    assert javascript(project, tmp_path, script) == {"data": [], "error": None}
    assert stored(project) == ["a.mp4"]
    backend = project.client("service_role").storage.from_("videos")
    assert [one["name"] for one in backend.remove([f"{ALICE}/a.mp4"])] == [f"{ALICE}/a.mp4"]
    assert stored(project) == []


def test_a_user_lists_their_own_files_only(project: Project, tmp_path: Path) -> None:
    backend = project.client("service_role").storage.from_("videos")
    backend.upload(f"{BOB}/b.mp4", b"pitch", {"content-type": "video/mp4"})
    script = f"""
    await videos.upload(`${{folder}}/a.mp4`, "pitch", video);
    said = [await videos.list(folder), await videos.list("{BOB}")];
    said = said.map(({{ data }}) => data.map(({{ name }}) => name));
    """
    assert javascript(project, tmp_path, script) == [["a.mp4"], []]


def test_a_moved_file_keeps_its_row_in_storage_and_gets_a_new_one_in_videos(
    project: Project, tmp_path: Path
) -> None:
    script = """
    await videos.upload(`${folder}/a.mp4`, "pitch", video);
    said = await videos.move(`${folder}/a.mp4`, `${folder}/b.mp4`);
    """
    assert javascript(project, tmp_path, script)["data"] == {"message": "Successfully moved"} | {
        "Id": next(iter(project.storage.objects.values())).id,
        "Key": f"{ALICE}/b.mp4",
    }
    assert stored(project) == ["b.mp4"]
    assert rows(project) == ["a.mp4", "b.mp4"]


def test_a_copied_file_is_another_upload(project: Project, tmp_path: Path) -> None:
    script = """
    await videos.upload(`${folder}/a.mp4`, "pitch", video);
    said = await videos.copy(`${folder}/a.mp4`, `${folder}/b.mp4`);
    """
    assert javascript(project, tmp_path, script)["error"] is None
    assert stored(project) == ["a.mp4", "b.mp4"]
    assert rows(project) == ["a.mp4", "b.mp4"]


def test_nobody_moves_a_file_into_the_folder_of_another(project: Project, tmp_path: Path) -> None:
    script = f"""
    await videos.upload(`${{folder}}/a.mp4`, "pitch", video);
    said = await videos.move(`${{folder}}/a.mp4`, "{BOB}/a.mp4");
    """
    assert "row-level security" in javascript(project, tmp_path, script)["error"]["message"]
    assert stored(project) == ["a.mp4"]


def test_a_signed_upload_is_its_signers_whoever_sends_it(project: Project, tmp_path: Path) -> None:
    script = """
    const { data, error } = await videos.createSignedUploadUrl(`${folder}/a.mp4`);
    if (error) throw error;
    const nobody = createClient(SUPABASE_URL, KEY).storage.from("videos");
    const sent = await nobody.uploadToSignedUrl(data.path, data.token, "pitch", video);
    const elsewhere = await nobody.uploadToSignedUrl(`${folder}/b.mp4`, data.token, "x", video);
    const again = await nobody.uploadToSignedUrl(data.path, data.token, "y", video);
    said = [sent, elsewhere, again].map((one) => one.error?.message ?? null);
    """
    assert javascript(project, tmp_path, script) == [
        None,
        "The url do not match the signature",
        "The resource already exists",
    ]
    assert stored(project) == ["a.mp4"]
    with project.engine.connect() as connection:
        assert connection.scalar(text("select owner from videos")) == ALICE


def test_a_signed_upload_into_another_folder_is_refused(project: Project, tmp_path: Path) -> None:
    script = f'said = await videos.createSignedUploadUrl("{BOB}/a.mp4");'
    assert "row-level security" in javascript(project, tmp_path, script)["error"]["message"]
