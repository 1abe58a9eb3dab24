"""Images and containers without a daemon: Debian's buildah and podman, in a store of their own.

with Store() as store:
    store.make_images()
    with store.running("inbounds-opa", *HARDENED, "--network", "none") as container:
        container.says("/health")
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.needed import missing, skip_without

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = ROOT / "docker" / "compose.yaml"
USER = 65532
PROGRAMS = ("buildah", "podman", "runc", "mmdebstrap")
HARDENED = (
    "--read-only",
    "--read-only-tmpfs=false",  # as Docker: nothing can be written but what is mounted
    "--cap-drop=all",
    "--security-opt=no-new-privileges",
)
"""What `docker/compose.yaml` says of each service, for one container by itself."""


def needed() -> None:
    """Skip where containers cannot be made, but not in the pipeline, which has to have them."""
    wanting = missing(PROGRAMS)
    if os.geteuid() != 0:
        wanting.append("root")
    skip_without(wanting, "images are not built here")


class Store:
    """Images, containers and volumes in a folder. A context manager: leaving it removes all."""

    def __init__(self) -> None:
        # Sockets lie in it, whose paths have to be short.
        self.folder = folder = Path(tempfile.mkdtemp(prefix="inbounds-store-"))
        storage, containers = folder / "storage.conf", folder / "containers.conf"
        storage.write_text(
            f'[storage]\ndriver = "vfs"\ngraphroot = "{folder}/images"\nrunroot = "{folder}/run"\n',
            "utf-8",
        )
        # No systemd and no journal, and no more open files than the machine grants.
        containers.write_text(
            '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n'
            '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nruntime = "runc"\n'
            f'lock_type = "file"\ntmp_dir = "{folder}/tmp"\n',
            "utf-8",
        )
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "STORAGE_DRIVER"},
            "CONTAINERS_STORAGE_CONF": str(storage),
            "CONTAINERS_CONF": str(containers),
        }

    def run(self, *line: str | Path, seconds: float = 300) -> subprocess.CompletedProcess[str]:
        """Run a program on this store and return what it has said, whatever its exit code."""
        return subprocess.run(
            [str(word) for word in line],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )

    def said(self, *line: str | Path) -> str:
        """Return what a program has printed, which has to succeed."""
        done = self.run(*line)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        return done.stdout.strip()

    def make_images(self, *options: str | Path) -> None:
        """Build the images as `make image BASES=local` does."""
        self.said(sys.executable, "-m", "tools.image", "--bases", "local", *options)

    def image(self, name: str) -> dict[str, Any]:
        """What is known of an image."""
        (found,) = json.loads(self.said("podman", "image", "inspect", f"localhost/{name}"))
        return dict(found)

    @contextlib.contextmanager
    def mounted(self, name: str) -> Iterator[Path]:
        """The files of an image."""
        yield Path(self.said("podman", "image", "mount", f"localhost/{name}"))
        self.said("podman", "image", "unmount", f"localhost/{name}")

    def compose(self, *line: str) -> subprocess.CompletedProcess[str]:
        """Do what `docker compose -f docker/compose.yaml` would."""
        return self.run(sys.executable, "-m", "podman_compose", "--file", COMPOSE, *line)

    @contextlib.contextmanager
    def running(
        self, image: str, *options: str | Path, arguments: tuple[str, ...] = ()
    ) -> Iterator[Container]:
        """A container of an image, for as long as the block lasts."""
        name = self.said("podman", "run", "--detach", *options, f"localhost/{image}", *arguments)
        container = Container(self, name)
        try:
            yield container
        finally:
            self.run("podman", "rm", "--force", "--time", "1", name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for line in (
            ("rm", "--force", "--all", "--time", "1"),
            ("volume", "rm", "--force", "--all"),
        ):
            self.run("podman", *line)
        shutil.rmtree(self.folder, ignore_errors=True)


class Container:
    """One container.

    Args:
        store: Where it is.
        name: Its name or id.
    """

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self.name = name

    def about(self) -> dict[str, Any]:
        """What is known of it."""
        (found,) = json.loads(self._store.said("podman", "inspect", self.name))
        return dict(found)

    def log(self) -> str:
        """Everything it has printed."""
        done = self._store.run("podman", "logs", self.name)
        return done.stdout + done.stderr

    def runs(self, *line: str) -> subprocess.CompletedProcess[str]:
        """Run a program in it."""
        return self._store.run("podman", "exec", self.name, *line)

    def wait_healthy(self, seconds: float = 60) -> None:
        """Wait until the health check of `docker/compose.yaml` succeeds."""
        deadline = time.monotonic() + seconds
        while self.healthy() != 0:
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.2)

    def healthy(self) -> int:
        """The exit code of the health check of `docker/compose.yaml`."""
        return self.runs(*health_check()).returncode

    def stop(self, seconds: int) -> tuple[int, float]:
        """End it as `docker stop` does; return its exit code, and after how many seconds."""
        begun = time.monotonic()
        self._store.said("podman", "stop", "--time", str(seconds), self.name)
        return self.about()["State"]["ExitCode"], time.monotonic() - begun

    def process(self) -> Path:
        """What the kernel tells of its first process."""
        return Path("/proc") / str(self.about()["State"]["Pid"])


def health_check() -> list[str]:
    """The command that `docker/compose.yaml` asks for health with."""
    import yaml

    word, *line = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]["opa"]["healthcheck"][
        "test"
    ]
    assert word == "CMD"
    return line
