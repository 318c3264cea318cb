"""Where a warehouse under test keeps its tables, and how a test looks at them."""

from abc import ABC, abstractmethod
from typing import Any

from connector.ports import Warehouse


class Shelf(ABC):
    """One place that holds a warehouse's tables, empty at first."""

    @abstractmethod
    def open(self) -> Warehouse:
        """Return a warehouse of this place, as another process would open it."""

    @abstractmethod
    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query in BigQuery's dialect, with `{dataset}` for the dataset."""

    def values(self, sql: str) -> list[Any]:
        return [row[0] for row in self.query(sql)]
