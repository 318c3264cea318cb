"""The run modes (sync, reconcile, replay) and the steps they share."""
