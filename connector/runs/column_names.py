"""Names the column of each field of a contract: the stored name, or else the one found in the warehouse."""

from connector.domain.entity import Entity
from connector.domain.records.columns import build_layout
from connector.domain.records.contract import Contract
from connector.domain.records.names import ColumnNames
from connector.domain.tables.learned_names import learn_names
from connector.domain.tables.log_table import remember_names
from connector.ports import Warehouse


def name_columns(
    entity: Entity, contract: Contract, known: Contract | None, warehouse: Warehouse
) -> Contract:
    """Return the contract with a column name for each field. Fields of the stored contract `known` keep their columns.

    If no names are stored (nothing was read yet, the state was lost, or an older release wrote it), they are learned from
    the log table and its views, with one request each.
    """
    before = known.names if known is not None and known.names else _learn(entity, known, warehouse)
    return remember_names(entity, contract, before)


def learn_columns_anew(entity: Entity, contract: Contract, warehouse: Warehouse) -> Contract:
    """Return the contract with the column names of the existing log, whatever names it has now."""
    return remember_names(entity, contract, _learn(entity, None, warehouse))


def _learn(entity: Entity, known: Contract | None, warehouse: Warehouse) -> ColumnNames:
    """Learn the names from the warehouse; a stored contract without names assigned them in the order of its fields."""
    assumed = build_layout(known.root, {}).owners if known is not None else {}
    log = warehouse.read_columns(entity.log_table)
    views = [view.name for view in entity.line_views] + [entity.history_view] if log else []
    return learn_names(log, {view: warehouse.read_columns(view) for view in views}, assumed)
