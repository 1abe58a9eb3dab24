"""Writing files and folders: through no link, whole or not at all, and over nobody else's.

A checkout, a shared folder or a server says names, and a name may be a link to a file of the user's
home. So every file that this package writes is written here.

The path is walked by descriptors, one folder after the other, and a link in it is refused. A path
below the working directory is walked from there, since a checkout may hold any part of it. Of any
other path the user has named the folder, which may be reached by links; nothing below it may.

Where the system opens nothing by a folder's descriptor (Windows), each part is looked at before it
is used. Whoever can change the folder in between is not held off there.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
CLOSE_ON_EXEC = getattr(os, "O_CLOEXEC", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | CLOSE_ON_EXEC
_NEW = (
    os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW | CLOSE_ON_EXEC | getattr(os, "O_BINARY", 0)
)  # Windows would write a newline as two bytes
_BY_DESCRIPTOR = bool(NO_FOLLOW) and (
    {os.open, os.mkdir, os.stat, os.rename, os.link, os.unlink} <= os.supports_dir_fd
)


class UnsafePath(OSError):
    """A path that leads through a link, or to what is not a file of this user's."""


def write_file(
    path: Path,
    content: bytes | str,
    *,
    below: Path | None = None,
    mode: int | None = None,
    exclusive: bool = False,
    durable: bool = True,
) -> None:
    """Write a file whole; who reads it meanwhile finds the old one, or the new one.

    Args:
        path: The file. Folders that are missing are made.
        content: What it holds; a text is written as UTF-8.
        below: The folder that the user has named; the file's own where it is left out.
        mode: Its permissions; those of the file it replaces, or as usual, where it is left out.
        exclusive: Whether a file that is there is kept.
        durable: Whether it survives a power loss.

    Raises:
        FileExistsError: It is there, and `exclusive`.
        UnsafePath: A link is in the way, or what is there is not a regular file of this user's.
        OSError: It cannot be written.
    """
    content = content.encode("utf-8") if isinstance(content, str) else content
    with opened_parent(path, below) as folder:
        folder.require_no_link(path.name)
        there = None if exclusive else folder.replaceable(path.name)
        draft = f".{secrets.token_hex(16)}.draft"
        place = folder.at(draft)
        descriptor = os.open(place, _NEW, 0o666 if mode is None else mode, dir_fd=folder.descriptor)
        try:
            with os.fdopen(descriptor, "wb") as file:
                if mode is None and there is not None and os.chmod in os.supports_fd:
                    os.chmod(descriptor, stat.S_IMODE(there.st_mode))  # noqa: PTH101 -- no path
                file.write(content)
                file.flush()
                if durable:
                    os.fsync(descriptor)
            _move(folder, draft, path.name, exclusive=exclusive)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(place, dir_fd=folder.descriptor)
            raise
        if durable and folder.descriptor is not None:
            os.fsync(folder.descriptor)


def make_folder(path: Path, *, below: Path | None = None, mode: int = 0o777) -> None:
    """Make a folder, with those above it, where it is missing.

    Args:
        path: The folder.
        below: The folder that the user has named; this one where it is left out.
        mode: Its permissions.

    Raises:
        UnsafePath: A link is in the way, or what is there is no folder.
        OSError: It cannot be made.
    """
    with _opened(path, below or path, about=path, mode=mode):
        pass


class _Folder:
    """A folder that is open; by its path alone where the system knows no better."""

    def __init__(self, path: Path, descriptor: int | None) -> None:
        self.path = path
        self.descriptor = descriptor

    @classmethod
    def open(cls, path: Path) -> _Folder:
        return cls(path, os.open(path, _FOLDER) if _BY_DESCRIPTOR else None)

    def close(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)

    def at(self, name: str) -> str:
        """The name as a call takes it that is also given `descriptor`."""
        return name if self.descriptor is not None else str(self.path / name)

    def status(self, name: str) -> os.stat_result | None:
        """What is so of a name itself, and not of what it links to; None where it is not there."""
        try:
            return os.stat(self.at(name), dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def require_no_link(self, name: str) -> None:
        status = self.status(name)
        if status is not None and _is_link(status):
            raise self._unsafe(errno.ELOOP, name, "is a link, and nothing is written through one")

    def replaceable(self, name: str) -> os.stat_result | None:
        """What is so of the file of this name, if there is one and it may be replaced."""
        status = self.status(name)
        if status is not None:
            self.require_ours(name, status)
        return status

    def require_ours(self, name: str, status: os.stat_result) -> None:
        """Refuse what is not a regular file of this user."""
        if not stat.S_ISREG(status.st_mode):
            raise self._unsafe(errno.EINVAL, name, "is not a regular file")
        if hasattr(os, "geteuid") and status.st_uid != os.geteuid():
            raise self._unsafe(errno.EPERM, name, "belongs to another user")

    def inner(self, name: str, *, mode: int, make: bool) -> _Folder:
        """Open a folder in this one, which is not a link to one."""
        try:
            return self._inner(name)
        except FileNotFoundError:
            if not make:
                raise
        with contextlib.suppress(FileExistsError):
            os.mkdir(self.at(name), mode, dir_fd=self.descriptor)
        return self._inner(name)

    def _inner(self, name: str) -> _Folder:
        place = self.path / name
        try:
            if self.descriptor is not None:
                inner = os.open(name, _FOLDER | NO_FOLLOW, dir_fd=self.descriptor)
                return _Folder(place, inner)
        except OSError as error:
            if error.errno not in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK):
                raise
        self.require_no_link(name)
        status = self.status(name)
        if status is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(place))
        if not stat.S_ISDIR(status.st_mode) or self.descriptor is not None:
            raise self._unsafe(errno.ENOTDIR, name, "is not a folder")
        return _Folder(place, None)

    def _unsafe(self, number: int, name: str, why: str) -> UnsafePath:
        from inbounds.text.printable import printable

        place = str(self.path / name)
        return UnsafePath(number, f"`{printable(place)}` {why}", place)


def _move(folder: _Folder, draft: str, name: str, *, exclusive: bool) -> None:
    one, other, at = folder.at(draft), folder.at(name), folder.descriptor
    if exclusive:
        # A link is made whole or not at all, and never over one that another process made.
        followed = os.link not in os.supports_follow_symlinks
        os.link(one, other, src_dir_fd=at, dst_dir_fd=at, follow_symlinks=followed)
        os.unlink(one, dir_fd=at)
    else:
        os.replace(one, other, src_dir_fd=at, dst_dir_fd=at)


def opened_parent(
    path: Path, below: Path | None, *, make: bool = True
) -> contextlib.AbstractContextManager[_Folder]:
    """Open the folder of a path.

    Args:
        path: What is to be written or removed.
        below: As for `write_file`.
        make: Whether the folder is made where it is missing.
    """
    return _opened(path.parent, below or path.parent, about=path, make=make)


@contextlib.contextmanager
def _opened(
    path: Path, below: Path, *, about: Path, mode: int = 0o777, make: bool = True
) -> Iterator[_Folder]:
    """Open a folder, each part of it after the other; errors name the path they are about."""
    start, steps = _steps(path, below)
    folder = None
    try:
        if make:
            start.mkdir(mode=0o777 if steps else mode, parents=True, exist_ok=True)
        folder = _Folder.open(start)
        for number, step in enumerate(steps, 1):
            inner = folder.inner(step, mode=mode if number == len(steps) else 0o777, make=make)
            folder.close()
            folder = inner
        yield folder
    except UnsafePath:
        raise
    except OSError as error:
        # Of a call by descriptor it has the last name alone.
        raise OSError(error.errno, error.strerror, str(about)) from error
    finally:
        if folder is not None:
            folder.close()


def _steps(path: Path, below: Path) -> tuple[Path, tuple[str, ...]]:
    """The folder that a path is walked from, and the names that lead on, none of them a link."""
    if ".." in path.relative_to(below).parts:
        raise UnsafePath(errno.EINVAL, "the path leads out of its folder", str(path))
    if not path.is_absolute():
        return Path(), path.parts
    try:
        here = Path.cwd()
    except OSError:  # it was removed, so that nothing lies below it
        here = Path(path.anchor)
    # A service runs at the root, and every path lies below that.
    if here != Path(here.anchor) and path.is_relative_to(here):
        return here, path.relative_to(here).parts
    return below, path.relative_to(below).parts


def _is_link(status: os.stat_result) -> bool:
    # A junction of Windows is not a link by its mode.
    return stat.S_ISLNK(status.st_mode) or bool(getattr(status, "st_reparse_tag", 0))
