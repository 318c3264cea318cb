"""Google Secret Manager on this machine: a gRPC server over the client library's own messages.

There is no emulator of Google's. This one keeps versions with their states and answers as the service documents.
"""

from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import google_crc32c
import grpc
from google.cloud import secretmanager_v1 as api
from google.iam.v1 import iam_policy_pb2 as iam

from tests.stand_ins.servers import HOST

SERVICE = "google.cloud.secretmanager.v1.SecretManagerService"
State = api.SecretVersion.State


@dataclass
class Version:
    """One version; destroying it takes its data away."""

    data: bytes
    state: Any = State.ENABLED


@dataclass
class FakeSecretManager:
    """The secrets, and what shall go wrong.

    `denied` names methods that answer PERMISSION_DENIED; `failures` are the statuses of the next calls; of the methods in
    `lost_answers` the next call is carried out and answered UNAVAILABLE; with `damaged` the checksums do not fit. `calls` notes each call as (method, resource name).
    """

    port: int = 0
    secrets: dict[str, list[Version]] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    failures: list[grpc.StatusCode] = field(default_factory=list)
    lost_answers: list[str] = field(default_factory=list)
    damaged: bool = False
    calls: list[tuple[str, str]] = field(default_factory=list)

    @property
    def host(self) -> str:
        """What SECRET_MANAGER_EMULATOR_HOST is to be set to."""
        return f"{HOST}:{self.port}"

    def create(self, name: str, *values: bytes) -> str:
        """Make a secret `projects/P/secrets/S` with these versions, oldest first, and return its name."""
        self.secrets[name] = [Version(value) for value in values]
        return name

    def states(self, name: str) -> list[str]:
        """Return the states of a secret's versions, oldest first."""
        return [version.state.name for version in self.secrets[name]]

    def disable(self, name: str, number: int) -> None:
        """Disable a version (numbers begin with 1)."""
        self.secrets[name][number - 1].state = State.DISABLED

    def access_secret_version(self, request: Any, context: grpc.ServicerContext) -> Any:
        name, version = self._version(request.name, context)
        if version.state is not State.ENABLED:
            text = f"Secret Version [{name}] is in {version.state.name} state."
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, text)
        checksum = google_crc32c.value(version.data) + self.damaged
        payload = api.SecretPayload(data=version.data, data_crc32c=checksum)
        return api.AccessSecretVersionResponse(name=name, payload=payload)

    def add_secret_version(self, request: Any, context: grpc.ServicerContext) -> Any:
        versions = self._versions(request.parent, context)
        if google_crc32c.value(request.payload.data) != request.payload.data_crc32c:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "The checksum does not fit the data.")
        versions.append(Version(request.payload.data))
        return api.SecretVersion(name=f"{request.parent}/versions/{len(versions)}", state=State.ENABLED)

    def test_iam_permissions(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Answer for a secret that does not exist as for one without any right, as Google does."""
        methods = {name: PERMISSIONS.get(name) for name in request.permissions}
        allowed = [name for name, method in methods.items() if method and method not in self.denied]
        if request.resource not in self.secrets:
            allowed = []
        return iam.TestIamPermissionsResponse(permissions=allowed)

    def list_secret_versions(self, request: Any, context: grpc.ServicerContext) -> Any:
        versions = enumerate(self._versions(request.parent, context), start=1)
        listed = [
            api.SecretVersion(name=f"{request.parent}/versions/{number}", state=version.state)
            for number, version in versions
        ]
        return api.ListSecretVersionsResponse(versions=listed[::-1], total_size=len(listed))

    def disable_secret_version(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._move(request.name, State.DISABLED, context)

    def destroy_secret_version(self, request: Any, context: grpc.ServicerContext) -> Any:
        answer = self._move(request.name, State.DESTROYED, context)
        self._version(request.name, context)[1].data = b""
        return answer

    def _move(self, resource: str, state: Any, context: grpc.ServicerContext) -> Any:
        name, version = self._version(resource, context)
        if version.state is State.DESTROYED:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"Secret Version [{name}] is DESTROYED.")
        version.state = state
        return api.SecretVersion(name=name, state=state)

    def _versions(self, secret: str, context: grpc.ServicerContext) -> list[Version]:
        if secret not in self.secrets:
            context.abort(grpc.StatusCode.NOT_FOUND, f"Secret [{secret}] not found.")
        return self.secrets[secret]

    def _version(self, resource: str, context: grpc.ServicerContext) -> tuple[str, Version]:
        secret, _, label = resource.partition("/versions/")
        versions = self._versions(secret, context)
        number = len(versions) if label == "latest" else int(label)
        if not 1 <= number <= len(versions):
            context.abort(grpc.StatusCode.NOT_FOUND, f"Secret Version [{resource}] not found.")
        return f"{secret}/versions/{number}", versions[number - 1]

    def handler(self, method: str, read: Callable[[bytes], Any], write: Callable[[Any], bytes]) -> Any:
        """Return the gRPC handler of one method, which fails first if it is told to."""
        answer: Callable[[Any, grpc.ServicerContext], Any] = getattr(self, _snake(method))

        def handle(request: Any, context: grpc.ServicerContext) -> Any:
            self.calls.append((method, getattr(request, "name", "") or getattr(request, "parent", "")))
            if method in self.denied:
                context.abort(grpc.StatusCode.PERMISSION_DENIED, f"Permission denied for {method}.")
            if self.failures:
                context.abort(self.failures.pop(0), "as the test wants it")
            answered = answer(request, context)
            if method in self.lost_answers:
                self.lost_answers.remove(method)
                context.abort(grpc.StatusCode.UNAVAILABLE, "The answer is lost.")
            return answered

        return grpc.unary_unary_rpc_method_handler(
            handle, request_deserializer=read, response_serializer=write
        )


PERMISSIONS = {"secretmanager.versions.add": "AddSecretVersion"}
"""The method that each permission is about."""

METHODS = {
    "AccessSecretVersion": (
        api.AccessSecretVersionRequest.deserialize,
        api.AccessSecretVersionResponse.serialize,
    ),
    "AddSecretVersion": (api.AddSecretVersionRequest.deserialize, api.SecretVersion.serialize),
    "ListSecretVersions": (
        api.ListSecretVersionsRequest.deserialize,
        api.ListSecretVersionsResponse.serialize,
    ),
    "DisableSecretVersion": (api.DisableSecretVersionRequest.deserialize, api.SecretVersion.serialize),
    "DestroySecretVersion": (api.DestroySecretVersionRequest.deserialize, api.SecretVersion.serialize),
    "TestIamPermissions": (
        iam.TestIamPermissionsRequest.FromString,
        iam.TestIamPermissionsResponse.SerializeToString,
    ),
}


@contextmanager
def running_secret_manager() -> Iterator[FakeSecretManager]:
    """Yield an empty Secret Manager that listens on a free port."""
    fake = FakeSecretManager()
    server = grpc.server(futures.ThreadPoolExecutor(4))
    handlers = {method: fake.handler(method, *codec) for method, codec in METHODS.items()}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    fake.port = server.add_insecure_port(f"{HOST}:0")
    server.start()
    try:
        yield fake
    finally:
        server.stop(None).wait()


def _snake(method: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in method).lstrip("_")
