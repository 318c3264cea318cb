"""The client library of Firestore on a channel whose calls can be made to fail."""

from collections.abc import Callable
from typing import Any

import grpc
from google.cloud import firestore


class CutOffError(grpc.RpcError):
    """What a client sees of a broken connection."""

    def __init__(self, status: grpc.StatusCode) -> None:
        super().__init__(status.name)
        self._status = status

    def code(self) -> grpc.StatusCode:
        return self._status

    def details(self) -> str:
        return "as the test wants it"

    def trailing_metadata(self) -> tuple[()]:
        return ()

    def result(self) -> object:  # the library's own interceptor takes an error for a call that failed
        raise self


class Faults(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Fails the calls that its plan names by number: before they are sent, or after they were carried out.

    `lasting` is how every call fails, once it is set. `meanwhile` is done once, after a document was read and before the
    write that depends on it is sent.
    """

    def __init__(self) -> None:
        self.calls = 0
        self.before: dict[int, grpc.StatusCode] = {}
        self.after: dict[int, grpc.StatusCode] = {}
        self.lasting: grpc.StatusCode | None = None
        self.meanwhile: Callable[[], object] | None = None

    def intercept_unary_unary(self, proceed: Callable[..., Any], details: Any, request: Any) -> Any:
        number = self._begin()
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        call = proceed(details, request)
        if number in self.after:
            call.result()
            raise CutOffError(self.after[number])
        return call

    def intercept_unary_stream(self, proceed: Callable[..., Any], details: Any, request: Any) -> Any:
        number = self._begin()
        if number in self.after:
            raise CutOffError(self.after[number])
        return proceed(details, request)

    def _begin(self) -> int:
        number, self.calls = self.calls, self.calls + 1
        if self.lasting is not None:
            raise CutOffError(self.lasting)
        if number in self.before:
            raise CutOffError(self.before[number])
        return number


class FaultyClient(firestore.Client):
    """The client library's own client on a channel with faults."""

    def __init__(self, project: str, faults: Faults) -> None:
        super().__init__(project=project)
        self._faults = faults

    def _emulator_channel(self, transport: Any) -> grpc.Channel:
        plain = super()._emulator_channel(transport)  # type: ignore[no-untyped-call]
        return grpc.intercept_channel(plain, self._faults)
