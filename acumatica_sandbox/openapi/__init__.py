"""The OpenAPI files of an instance, in the form of a real one of 2025 R2: `swagger.json` of an endpoint, and of the instance."""

from .endpoint import build_swagger
from .instance import build_instance_swagger

__all__ = ["build_instance_swagger", "build_swagger"]
