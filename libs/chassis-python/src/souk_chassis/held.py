"""A database's own file: locked by this process, readable by this user only, and watched. What is deleted, replaced or cut
off under a running process is noticed at the next commit."""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from pathlib import Path

_LOG = logging.getLogger("souk_chassis.store")
_STICKY = 0o1000

Identity = tuple[int, int]

# What this process holds. One of these must not even be opened a second time: closing it again would drop SQLite's locks.
_HELD: set[Identity] = set()
_HELD_LOCK = threading.Lock()


class LostError(OSError):
    """The path no longer leads to the file that this process writes to."""


class HeldFile:
    """Holds the file at `path`, made if there is none, until it is closed, which is after the last connection to it.

    The lock is flock's, on the file itself: another kind than SQLite's own, which other programs go on sharing. Raises
    BlockingIOError when somebody else holds it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = path.with_name(f"{path.name}-wal")
        self._log_identity: Identity | None = None
        self._size = 0
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _HELD_LOCK:
            if path.exists() and _identity(path.stat()) in _HELD:
                raise BlockingIOError(f"{path} is already open")
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BaseException:
                os.close(self._descriptor)
                raise
            self._identity = _identity(os.fstat(self._descriptor))
            _HELD.add(self._identity)
        _tighten(path)

    def check(self) -> None:
        """Raises LostError when the database or its log is not where it was."""
        size = self._same(self._path, self._identity)
        if size < self._size and not self._is_whole(size):
            raise LostError(f"{self._path} was emptied or cut off")
        self._size = size
        if self._log_identity is not None:
            self._same(self._log, self._log_identity)

    def check_committed(self) -> None:
        """Like `check`, after a commit, which is in the log."""
        self.check()
        if self._log_identity is None and self._log.exists():
            self._log_identity = _identity(self._log.stat())

    def forget_log(self) -> None:
        """Takes it that the log may be another one, since it goes with the last connection."""
        self._log_identity = None

    def close(self) -> None:
        """Lets others have the file."""
        with _HELD_LOCK:
            _HELD.discard(self._identity)
            os.close(self._descriptor)

    def _is_whole(self, size: int) -> bool:
        """Returns whether the file holds all pages that its header counts."""
        header = os.pread(self._descriptor, 32, 0)
        page = int.from_bytes(header[16:18])
        return len(header) == 32 and int.from_bytes(header[28:32]) * (65_536 if page == 1 else page) <= size

    def _same(self, path: Path, known: Identity) -> int:
        try:
            found = path.stat()
        except FileNotFoundError:
            raise LostError(f"{path} is gone") from None
        if _identity(found) != known:
            raise LostError(f"{path} was replaced by another file")
        return found.st_size


def _identity(found: os.stat_result) -> Identity:
    return found.st_dev, found.st_ino


def _tighten(path: Path) -> None:
    """Takes from others what an older version of this program let them read."""
    folder = path.parent
    wanted = [(file, 0o600) for file in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm"))]
    # A world-writable folder, such as /tmp, is not ours.
    if not folder.stat().st_mode & _STICKY:
        wanted.append((folder, 0o700))
    for file, mode in wanted:
        if not file.exists() or not file.stat().st_mode & 0o077:
            continue
        try:
            file.chmod(mode)
            _LOG.warning("%s could be read by others; now only by this user (%o)", file, mode)
        except PermissionError as error:
            _LOG.warning("%s can be read by others, and its mode cannot be changed: %s", file, error)
