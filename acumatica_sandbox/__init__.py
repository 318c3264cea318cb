"""A simulated Acumatica tenant over HTTP, for the demo, the tests and the benchmarks."""

from .clock import TenantClock
from .faults import Fault
from .messages import Request, Response
from .options import SandboxOptions, Webhook
from .sandbox import Sandbox
from .tenant import Tenant

__all__ = [
    "Fault",
    "Request",
    "Response",
    "Sandbox",
    "SandboxOptions",
    "Tenant",
    "TenantClock",
    "Webhook",
]
