"""A stream's document: read again whole, and told in a sentence when it cannot be."""

from typing import Any

import pytest

from connector.adapters.firestore import documents
from connector.errors import ConfigurationError, TerminalError
from tests.contract.state_builders import an_entity_state


def fields(**changes: Any) -> dict[str, Any]:
    state = an_entity_state()
    return documents.stream_fields(state, state.watermark) | changes


def test_what_was_stored_is_read() -> None:
    assert documents.load_stream("vendors", fields()) == an_entity_state()


def test_members_a_later_release_added_are_passed_over() -> None:
    assert documents.load_stream("vendors", fields(page_size_of_tomorrow=7)) == an_entity_state()


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "an instant": ({"watermark": "yesterday"}, "Invalid RFC3339 encoded datetime - at `$.watermark`"),
    "a count": ({"records_seen": "many"}, "Expected `int`, got `str` - at `$.records_seen`"),
    "packed versions": ({"edge": b"no zlib"}, "incorrect header check"),
    "packed versions of another kind": ({"edge": 7}, "a bytes-like object is required"),
    "the contract": ({"contract": {"endpoint": "Default"}}, "KeyError: 'whole'"),
    "a checkpoint": ({"checkpoints": {"backfill": {}}}, "KeyError: 'known'"),
}


@pytest.mark.parametrize(("changes", "told"), BROKEN.values(), ids=BROKEN)
def test_a_broken_field_is_told_with_its_document(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(TerminalError) as caught:
        documents.load_stream("vendors", fields(**changes))
    assert caught.value.message.startswith("The Firestore document streams/vendors cannot be read: ")
    assert told in caught.value.message
    assert "delete that document" in caught.value.action


def test_a_document_of_a_newer_release_is_told_as_such() -> None:
    with pytest.raises(ConfigurationError, match="has form 2; this connector knows form 1") as caught:
        documents.load_stream("vendors", fields(form=2))
    assert "version of the connector" in caught.value.action
