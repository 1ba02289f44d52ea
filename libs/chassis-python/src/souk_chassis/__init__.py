"""The runtime of every Python service of Souk. It knows no business.

Start reading at `Definition` (what a service is), `incoming` (what every request passes), `channel` (what every call
passes) and `running` (how it all runs).
"""

import os

# gRPC's core writes lines of its own to stderr, which no collector could read; what matters of them is said by us.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

from souk_chassis.caller import Caller
from souk_chassis.channel import Channel
from souk_chassis.config import ConfigError, Settings
from souk_chassis.context import Context
from souk_chassis.deadline import Deadline
from souk_chassis.definition import Definition, StartError
from souk_chassis.drain import Drain
from souk_chassis.error import Error, retry_info
from souk_chassis.events import Delivery, Poison, Subscription
from souk_chassis.host import Host
from souk_chassis.identity import DEVELOPMENT_KEY, development_token
from souk_chassis.ids import new_id
from souk_chassis.invariants import Finding, Report
from souk_chassis.migrate import Migration
from souk_chassis.red import REGISTRY
from souk_chassis.redact import redacted
from souk_chassis.run import main
from souk_chassis.running import Running, start
from souk_chassis.service import Service
from souk_chassis.store import Store, StoreError
from souk_chassis.tx import Tx

__all__ = [
    "DEVELOPMENT_KEY",
    "REGISTRY",
    "Caller",
    "Channel",
    "ConfigError",
    "Context",
    "Deadline",
    "Definition",
    "Delivery",
    "Drain",
    "Error",
    "Finding",
    "Host",
    "Migration",
    "Poison",
    "Report",
    "Running",
    "Service",
    "Settings",
    "StartError",
    "Store",
    "StoreError",
    "Subscription",
    "Tx",
    "development_token",
    "main",
    "new_id",
    "redacted",
    "retry_info",
    "start",
]
