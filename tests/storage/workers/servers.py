"""Servers and workers of one's own, to be treated badly; each ends only what it has started."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def wait_until(condition: Callable[[], object], seconds: float, what: str = "it") -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what} did not come in {seconds} s"
        time.sleep(0.03)


def is_open(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("127.0.0.1", port)) == 0


class Redis:
    """A server of Redis', that keeps what it is told."""

    def __init__(self, place: Path) -> None:
        program = shutil.which("redis-server")
        if program is None:
            if os.environ.get("CI"):
                raise FileNotFoundError("the program redis-server")
            pytest.skip("needs the program redis-server")
        self._program, self._place = program, place
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._place), "--save", ""]
        options += ["--appendonly", "yes", "--appendfsync", "always"]
        self.process = subprocess.Popen([self._program, *options], stdout=subprocess.DEVNULL)
        wait_until(lambda: is_open(self.port), 20, "redis")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class Worker:
    """A worker of Celery's, with its children in a group of their own."""

    def __init__(
        self,
        env: dict[str, str],
        log: Path,
        app: str = "storage.workers.flows",
        *,
        where: Path = HERE.parents[1],
        count: int = 2,
    ) -> None:
        self.log = log
        with log.open("a") as out:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "celery",
                    "-A",
                    app,
                    "worker",
                    "-c",
                    str(count),
                    "-l",
                    "info",
                    "--without-mingle",
                ],
                cwd=where,
                env=os.environ | env,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def is_ready(self) -> bool:
        return " ready." in self.log.read_text()

    def children(self) -> list[int]:
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(one) for one in found.split()]

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def kill_all(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
        self.kill_all()
