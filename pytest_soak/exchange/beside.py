"""The exchange of a lane beside its bot, in a process of its own: opened in jail, asked, closed."""

from __future__ import annotations

import json
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pytest_soak
from pytest_soak.config.scenarios import Scenario
from pytest_soak.errors import TargetError
from pytest_soak.exchange.chosen import ExchangeChoice
from pytest_soak.exchange.invariants.seen import Span
from pytest_soak.exchange.jail.isolation import Isolation
from pytest_soak.exchange.jail.jail import Admitted, Jail, Venue, open_jail
from pytest_soak.exchange.judged import Judged
from pytest_soak.exchange.serving import Ready, Service
from pytest_soak.exchange.watch import Watch

JAIL, TLS = "jail", "tls"
READY_SECONDS, END_SECONDS, LOOK_SECONDS = 120.0, 20.0, 0.1
_HOME = Path(pytest_soak.__file__).parent.parent
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from pytest_soak.exchange.program import main; sys.exit(main())"
)


class Beside:
    """One exchange for one bot, as long as the lane goes on.

    `market` is a scenario with the knobs that were turned, `folder` the lane's, `feeds` where to
    write what the bot did, `log` where its output goes. Raises TargetError where the exchange
    cannot be had, and each method where it is gone.
    """

    def __init__(
        self,
        choice: ExchangeChoice,
        market: tuple[Scenario, Mapping[str, float]],
        seed: int,
        folder: Path,
        feeds: Path,
        log: Path,
    ) -> None:
        self._watch = Watch(choice, folder, feeds)
        self._folder = self._watch.folder
        self._isolation = Isolation("none", "no bot was let in")
        settings = choice.settings(*market, seed)
        self._account = settings.accounts[0]
        self._jail = open_jail(self._folder / JAIL, best=choice.file.isolation)
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = _started(
                self._jail,
                Service(
                    exchange=settings,
                    tls_port=self._jail.tls_port,
                    ca_folder=str(self._folder / TLS),
                    record=str(self._watch.record),
                    schedule=choice.schedule,
                    beliefs=self._watch.beliefs(log),
                ),
                self._folder / "exchange.log",
            )
            self._ready = self._wait(self._process)
        except BaseException:
            self.close()
            raise

    def _wait(self, process: subprocess.Popen[bytes]) -> Ready:
        assert process.stdout is not None
        if not select.select([process.stdout], [], [], READY_SECONDS)[0]:
            raise TargetError(f"the exchange was not ready after {READY_SECONDS:g} s")
        line = process.stdout.readline()
        told = json.loads(line) if line else {}
        if "error" in told:
            raise TargetError(f"the exchange cannot be had: {told['error']}")
        if "ready" in told:
            return Ready(**told["ready"])
        raise self._gone()

    def _gone(self) -> TargetError:
        log = self._folder / "exchange.log"
        last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-1:]
        said = f": {last[0]}" if last else ""
        return TargetError(f"the exchange ended by itself{said} (see {log})")

    def admit(self, command: Sequence[str], env: Mapping[str, str], cwd: Path) -> Admitted:
        """What is to be started to have the bot run beside it."""
        venue = Venue(
            self._ready.port,
            self._ready.tls_port,
            Path(self._ready.ca),
            self._account.key,
            self._account.secret,
        )
        admitted = self._jail.admit(command, env, cwd, venue, least="none")
        self._isolation = admitted.isolation
        return admitted

    def look(self) -> None:
        """Take what has happened, and write what the bot did into its feeds."""
        if self._process is None or self._process.poll() is not None:
            raise self._gone()
        self._watch.look()

    def judge(self, iteration: int, window: Span) -> Judged:
        """What the window came to, which is over; it is written down.

        Its record is awaited to the end, which is a mark each second. TargetError where none comes.
        """
        deadline = time.monotonic() + END_SECONDS
        while self._watch.until_us < window[1]:
            if time.monotonic() > deadline:
                raise TargetError(f"the exchange has recorded nothing for {END_SECONDS:g} s")
            time.sleep(LOOK_SECONDS)
            self.look()
        return self._watch.judge(iteration, window, self._isolation, self._jail.outside())

    def notes(self) -> list[str]:
        """What of the bot's trading no KPI of money tells."""
        return self._watch.notes()

    def close(self) -> None:
        """End the exchange, and take away what was made for it alone."""
        if self._process is not None:
            _end(self._process)
        self._jail.close()
        for name in (JAIL, TLS):
            shutil.rmtree(self._folder / name, ignore_errors=True)


def _started(jail: Jail, service: Service, log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-I", "-c", _PROGRAM, str(_HOME)]
    with log.open("wb") as file:
        process = subprocess.Popen(
            jail.command(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file,
            start_new_session=True,
        )
    assert process.stdin is not None
    with suppress(OSError):
        process.stdin.write(service.model_dump_json().encode() + b"\n")
        process.stdin.flush()
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
