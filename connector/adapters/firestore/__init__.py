"""State in Firestore."""

from connector.adapters.firestore.store import FirestoreStateStore, open_firestore

__all__ = ["FirestoreStateStore", "open_firestore"]
