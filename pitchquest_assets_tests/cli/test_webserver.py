import dagster as dg
import pytest
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from starlette.testclient import TestClient

from pitchquest_assets.cli.address import Address
from pitchquest_assets.cli.webserver import Guarded


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:3000", 200),
        ("localhost:3000", 200),
        ("[::1]:3000", 200),
        ("pitch.example", 200),
        ("evil.example", 400),
        ("127.0.0.1.evil.example:3000", 400),
        ("", 400),
    ],
)
def test_dagit_answers_only_to_its_own_names(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, host: str, status: int
) -> None:
    allowed = Address("127.0.0.1", 3000, ("pitch.example",)).allowed_hosts()
    monkeypatch.setattr(Guarded, "allowed_hosts", tuple(allowed.split(",")))
    with WorkspaceProcessContext(instance, EmptyWorkspaceTarget()) as workspace:
        client = TestClient(Guarded(workspace).create_asgi_app())
        assert client.get("/server_info", headers={"Host": host}).status_code == status
