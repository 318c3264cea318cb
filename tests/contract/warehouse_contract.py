"""What every warehouse promises. One small subclass per warehouse says how to open it and how to look inside."""

from tests.contract.warehouse_append_contract import AppendContract
from tests.contract.warehouse_current_contract import CurrentTableContract
from tests.contract.warehouse_prepare_contract import PrepareContract
from tests.contract.warehouse_reading_contract import (
    CheckContract,
    ClosingContract,
    ReadingContract,
    ViewsContract,
)


class WarehouseContract(
    PrepareContract,
    AppendContract,
    ReadingContract,
    ViewsContract,
    CurrentTableContract,
    CheckContract,
    ClosingContract,
):
    """All of it. A subclass has the fixtures `shelf` and `warehouse` (opened from the shelf, closed at the end)."""
