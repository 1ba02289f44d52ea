"""What a service is given to build itself with: its name, its folder, its upstreams."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from souk_chassis.channel import Channel
from souk_chassis.drain import Drain


class Host:
    """The process as its service sees it."""

    def __init__(self, name: str, data_dir: Path, drain: Drain, channel: Callable[[str], Channel]) -> None:
        self.name = name
        """The name of the service that is being built."""
        self.data_dir = data_dir
        """The folder for everything that is written to disk. It exists."""
        self.drain = drain
        """The signal that the process is going to stop."""
        self._channel = channel
        self._channels: dict[str, Channel] = {}

    def channel(self, upstream: str) -> Channel:
        """Returns the way to an upstream, on which this service calls as itself, with the scopes of `identity.scopes`.

        Give it to a generated stub. It may be taken before the upstream is there; calls made until then, and calls to a name
        that is not under `[upstreams]`, fail with UNAVAILABLE and ERROR_REASON_UPSTREAM_UNAVAILABLE.
        """
        if upstream not in self._channels:
            self._channels[upstream] = self._channel(upstream)
        return self._channels[upstream]

    async def close(self) -> None:
        """Closes the connections to the upstreams; done by the running process, last."""
        for channel in self._channels.values():
            await channel.close()
