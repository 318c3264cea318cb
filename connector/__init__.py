"""Keeps BigQuery a clean, complete, one-way reporting copy of Acumatica finance data."""

__version__ = "0.1.0"
USER_AGENT = f"acumatica-bigquery-connector/{__version__}"
"""What this connector calls itself in every request it makes."""
