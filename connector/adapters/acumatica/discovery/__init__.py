"""What a tenant can show: entities of its endpoint, generic inquiries, data access classes."""

from connector.adapters.acumatica.discovery.explorer import AcumaticaExplorer

__all__ = ["AcumaticaExplorer"]
