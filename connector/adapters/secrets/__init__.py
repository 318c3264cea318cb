"""Secrets by reference: a file, an environment variable, or Google Secret Manager."""

from connector.adapters.secrets.environment import EnvSecretStore
from connector.adapters.secrets.file import FileSecretStore
from connector.adapters.secrets.router import RoutingSecretStore, open_secrets
from connector.adapters.secrets.secret_manager import SecretManagerSecretStore

__all__ = [
    "EnvSecretStore",
    "FileSecretStore",
    "RoutingSecretStore",
    "SecretManagerSecretStore",
    "open_secrets",
]
