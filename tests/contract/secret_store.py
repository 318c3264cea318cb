"""What every secret store promises."""

import pytest

from connector.errors import ConfigurationError, SecretUnavailableError
from connector.ports import SecretStore

VALUES = [b'{"auth": "password"}', b"line\nline\n", b"\x00\xff", "é".encode()]


class SecretStoreContract:
    """A subclass gives a store, a reference whose value is `old`, and one that leads nowhere."""

    def test_a_secret_is_read(self, secrets: SecretStore, reference: str) -> None:
        assert secrets.read(reference) == b"old"

    def test_a_missing_secret_is_an_error_that_names_the_reference_and_what_to_do(
        self, secrets: SecretStore, missing: str
    ) -> None:
        with pytest.raises(SecretUnavailableError) as caught:
            secrets.read(missing)
        assert missing in caught.value.message
        assert caught.value.action


class FixedContract(SecretStoreContract):
    """Where secrets cannot be replaced."""

    def test_what_cannot_be_replaced_is_said_before_it_is_tried(
        self, secrets: SecretStore, reference: str
    ) -> None:
        with pytest.raises(ConfigurationError) as foreseen:
            secrets.check_replaceable(reference)
        with pytest.raises(ConfigurationError) as caught:
            secrets.replace(reference, b"hunter2")
        assert (caught.value.message, caught.value.action) == (foreseen.value.message, foreseen.value.action)
        assert reference in caught.value.message
        assert "hunter2" not in f"{caught.value.message} {caught.value.action}"
        assert secrets.read(reference) == b"old"


class ReplaceableContract(SecretStoreContract):
    """Where secrets can be replaced: `second` is another store on the same secrets."""

    @pytest.mark.parametrize("value", VALUES)
    def test_a_replaced_secret_is_what_everybody_reads(
        self, secrets: SecretStore, second: SecretStore, reference: str, value: bytes
    ) -> None:
        assert secrets.read(reference) == b"old"
        secrets.replace(reference, value)
        assert secrets.read(reference) == value
        assert second.read(reference) == value

    def test_a_secret_may_be_replaced_again_and_again(
        self, secrets: SecretStore, second: SecretStore, reference: str
    ) -> None:
        for value in VALUES:
            secrets.replace(reference, value)
            assert second.read(reference) == value

    def test_what_can_be_replaced_is_said_to_be_and_is_left_alone(
        self, secrets: SecretStore, second: SecretStore, reference: str
    ) -> None:
        secrets.check_replaceable(reference)
        assert second.read(reference) == b"old"

    def test_a_place_where_nothing_can_be_stored_is_said_before_it_is_tried(
        self, secrets: SecretStore, missing: str
    ) -> None:
        with pytest.raises(ConfigurationError, match="cannot be replaced") as caught:
            secrets.check_replaceable(missing)
        assert missing in caught.value.message

    def test_no_value_is_in_an_error(self, secrets: SecretStore, missing: str) -> None:
        with pytest.raises(ConfigurationError) as caught:
            secrets.replace(missing, b"hunter2")
        assert "hunter2" not in f"{caught.value.message} {caught.value.action}"
