"""Dagit's GraphQL over the code location of workspace.yaml."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget, WorkspaceLoadTarget
from dagster_webserver.webserver import DagsterWebserver
from starlette.testclient import TestClient

WORKSPACE = Path(__file__).resolve().parents[2] / "workspace.yaml"
OWN_LOCATION = WorkspaceFileTarget([str(WORKSPACE)])
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


LAUNCH = """
mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
} }
"""
REEXECUTE = """
mutation($parent: String!, $strategy: ReexecutionStrategy!) {
  launchRunReexecution(reexecutionParams: {parentRunId: $parent, strategy: $strategy}) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
  }
}
"""


class Dagit:
    """Dagit's web server, queried without a socket; starts runs as the daemon would."""

    def __init__(self, client: TestClient, workspace: WorkspaceProcessContext) -> None:
        self.client, self.workspace = client, workspace

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return the data of a GraphQL answer; fails on any error."""
        answer = self.client.post("/graphql", json={"query": query, "variables": variables}).json()
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def checks(self, asset: str) -> dict[str, dict[str, Any]]:
        """The checks of an asset by name, as its page shows them."""
        found = self.ask(CHECKS, path=[asset])["assetNodeOrError"]["assetChecksOrError"]["checks"]
        return {check["name"]: check for check in found}

    def launch(self, video_id: str, **tags: str) -> str:
        """Start a run of all assets for one video, as from the launchpad; return its id."""
        with self.workspace.create_request_context() as request:
            [location] = request.code_location_names
        selector = {
            "repositoryLocationName": location,
            "repositoryName": "__repository__",
            "jobName": "analyze_pitch",
        }
        all_tags = {"dagster/partition": video_id, **tags}
        params = {
            "selector": selector,
            "executionMetadata": {"tags": [{"key": k, "value": v} for k, v in all_tags.items()]},
        }
        return self._start(self.ask(LAUNCH, params=params)["launchRun"])

    def execute_again(self, run_id: str, strategy: str) -> str:
        """Re-execute a run, ALL_STEPS or FROM_FAILURE; return the id of the new run."""
        answer = self.ask(REEXECUTE, parent=run_id, strategy=strategy)
        return self._start(answer["launchRunReexecution"])

    def _start(self, answer: dict[str, Any]) -> str:
        assert answer["__typename"] == "LaunchRunSuccess", answer
        run_id = str(answer["run"]["runId"])
        with self.workspace.create_request_context() as request:
            self.workspace.instance.launch_run(run_id, request)
        return run_id


@contextmanager
def opened(
    instance: dg.DagsterInstance, target: WorkspaceLoadTarget = OWN_LOCATION
) -> Iterator[Dagit]:
    """Dagit over this instance; starts a code server."""
    with WorkspaceProcessContext(instance, target) as workspace:
        app = DagsterWebserver(workspace).create_asgi_app()
        with TestClient(app) as client:
            yield Dagit(client, workspace)
