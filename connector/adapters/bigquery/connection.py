"""The connection to BigQuery: translates every error and retries where that is safe."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, TypeVar

import requests
from google.api_core.client_info import ClientInfo
from google.api_core.exceptions import GoogleAPICallError, from_http_response
from google.auth.credentials import Credentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud import bigquery

from connector import USER_AGENT
from connector.adapters.bigquery.errors import translated
from connector.adapters.retrying import Retry
from connector.domain.tables.sql import DATASET

R = TypeVar("R")

ENDPOINT = "https://bigquery.googleapis.com"
QUICK_SECONDS = 60.0
"""For calls that read or change metadata."""
ONCE: Any = None
"""For the client library's `retry`: its own retries sleep, whatever our clock and deadline say."""
UPLOAD_SECONDS = (10.0, 300.0)
"""To connect, and between two bytes: for calls that carry rows."""


class Connection:
    """The client library for metadata and jobs, and an authorised session for rows; opened at the first use."""

    def __init__(
        self,
        *,
        project: str,
        dataset: str,
        location: str | None,
        credentials: Callable[[], Credentials],
        retry: Retry,
        endpoint: str | None,
    ) -> None:
        self.project = project
        self.dataset = dataset
        self.location = location
        self.retry = retry
        self.clock = retry.clock
        self._credentials = credentials
        self._endpoint = (endpoint or ENDPOINT).rstrip("/")

    @cached_property
    def _identity(self) -> Credentials:
        with translated():
            return self._credentials()

    @cached_property
    def client(self) -> bigquery.Client:
        """Google's client, without retries of its own where it is called with ONCE."""
        return bigquery.Client(
            project=self.project,
            credentials=self._identity,
            location=self.location,
            client_options={"api_endpoint": self._endpoint},
            client_info=ClientInfo(user_agent=USER_AGENT),
        )

    @cached_property
    def _session(self) -> AuthorizedSession:
        return AuthorizedSession(self._identity)

    def refer(self, table: str) -> bigquery.TableReference:
        """Return the reference of a table or view of the dataset."""
        return bigquery.DatasetReference(self.project, self.dataset).table(table)

    def render_dataset(self) -> str:
        """Return the dataset's name as written in a query."""
        return f"`{self.project}.{self.dataset}`"

    def render(self, sql: str) -> str:
        """Return the query with the dataset's name in place of the placeholder."""
        return sql.replace(DATASET, self.render_dataset())

    def call(self, function: Callable[[], R]) -> R:
        """Call a read or an idempotent write, retrying failures that may pass by themselves."""
        return self.retry.call(self.once, function)

    def once(self, function: Callable[[], R]) -> R:
        """Call the function once, with its errors translated."""
        with translated():
            return function()

    def retrying(self, function: Callable[..., R]) -> Callable[..., R]:
        """Return the function with our retries, as the client library takes them in place of its own."""
        return lambda *args, **options: self.call(lambda: function(*args, **options))

    def post_rows(self, table: str, body: bytes) -> Mapping[str, Any]:
        """Send one `insertAll` and return its answer, or raise Google's error of its status.

        The library would decode and encode every row again on the way; the bytes go as they are.
        """
        path = f"/bigquery/v2/projects/{self.project}/datasets/{self.dataset}/tables/{table}/insertAll"
        response: requests.Response = self._session.post(
            self._endpoint + path,
            params={"prettyPrint": "false"},
            data=body,
            headers={"Content-Type": "application/json", "User-Agent": USER_AGENT},
            timeout=UPLOAD_SECONDS,
        )
        if not response.ok:
            error: GoogleAPICallError = from_http_response(response)
            raise error
        answer: Mapping[str, Any] = response.json()
        return answer

    def close(self) -> None:
        """Close the sockets; the next use opens them again."""
        for name in ("client", "_session"):
            opened = self.__dict__.pop(name, None)
            if opened is not None:
                opened.close()
