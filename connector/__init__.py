"""Keeps BigQuery a clean, complete, one-way reporting copy of Acumatica finance data."""

__version__ = "0.1.0"
