"""Use cases, and the wiring of settings to adapters."""
