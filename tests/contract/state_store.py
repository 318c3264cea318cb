"""What every state store promises. A subclass gives two stores over the same state, on one clock."""

from tests.contract.state_audit import PageContract, RunContract
from tests.contract.state_dead_letters import DeadLetterContract
from tests.contract.state_leases import LeaseContract
from tests.contract.state_notifications import NotificationContract
from tests.contract.state_sessions import SessionContract
from tests.contract.state_statuses import StatusContract
from tests.contract.state_streams import StreamContract


class StateStoreContract(
    LeaseContract,
    StreamContract,
    StatusContract,
    SessionContract,
    RunContract,
    PageContract,
    DeadLetterContract,
    NotificationContract,
):
    """All promises; the fixtures `store` and `second_store` are the subclass's."""
