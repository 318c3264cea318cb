"""Reading JSON that others wrote: whatever is wrong with it is one error."""

from typing import Any, TypeVar, overload

import msgspec

T = TypeVar("T")


@overload
def decode_body(body: bytes) -> Any: ...
@overload
def decode_body(body: bytes, kind: type[T]) -> T: ...
def decode_body(body: bytes, kind: Any = Any) -> Any:
    """Return the body, with or without a byte order mark, as this type.

    Raises msgspec.DecodeError for other content, text that is no UTF-8, and levels within levels without end.
    """
    try:
        return msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"), type=kind)
    except (UnicodeDecodeError, RecursionError) as exc:
        raise msgspec.DecodeError(str(exc)) from None
