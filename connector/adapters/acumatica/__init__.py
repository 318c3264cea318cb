"""Acumatica's contract-based REST API behind the Source port."""

from connector.adapters.acumatica.pace import Pace
from connector.adapters.acumatica.source import AcumaticaSource

__all__ = ["AcumaticaSource", "Pace"]
