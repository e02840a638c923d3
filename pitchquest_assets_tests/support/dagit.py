"""What Dagit shows: its GraphQL, over the code location of workspace.yaml."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_webserver.webserver import DagsterWebserver
from starlette.testclient import TestClient

WORKSPACE = Path(__file__).resolve().parents[2] / "workspace.yaml"
CHECKS = """
query Checks($path: [String!]!) {
  assetNodeOrError(assetKey: {path: $path}) { ... on AssetNode { assetChecksOrError {
    ... on AssetChecks { checks {
      name
      blocking
      partitionStatuses { ... on AssetCheckDefaultPartitionStatuses {
        succeededPartitions failedPartitions executionFailedPartitions skippedPartitions
      } }
      executionForLatestMaterialization {
        runId partition status stepKey
        evaluation { success severity description partition targetMaterialization { runId } }
      }
    } }
  } } }
}
"""


class Dagit:
    """Dagit's web server, asked without a socket."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data that a GraphQL query answers with; fails on any error."""
        answer = self.client.post("/graphql", json={"query": query, "variables": variables}).json()
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def checks(self, asset: str) -> dict[str, dict[str, Any]]:
        """The checks of an asset by name, as its page shows them."""
        found = self.ask(CHECKS, path=[asset])["assetNodeOrError"]["assetChecksOrError"]["checks"]
        return {check["name"]: check for check in found}


@contextmanager
def opened(instance: dg.DagsterInstance) -> Iterator[Dagit]:
    """Dagit over this instance; starts a code server."""
    with WorkspaceProcessContext(instance, WorkspaceFileTarget([str(WORKSPACE)])) as workspace:
        app = DagsterWebserver(workspace).create_asgi_app()
        with TestClient(app) as client:
            yield Dagit(client)
