"""The demo: a simulated tenant, the real function, a DuckDB file, and an analyst's queries, in one command."""

from connector.faces.demo.run import run_demo

__all__ = ["run_demo"]
