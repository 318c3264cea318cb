"""The protocol: sync, reconcile, replay and what they share, one method per step."""
