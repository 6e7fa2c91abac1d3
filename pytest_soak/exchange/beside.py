"""The exchange of a lane beside its bot: opened in jail, looked at, judged, closed."""

from __future__ import annotations

import json
import select
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pytest_soak
from pytest_soak.config.scenarios import Scenario
from pytest_soak.errors import TargetError
from pytest_soak.exchange.beliefs.belief import Belief
from pytest_soak.exchange.beliefs.growing import GrowingFile
from pytest_soak.exchange.beliefs.line import belief_of
from pytest_soak.exchange.believing import Beliefs
from pytest_soak.exchange.chosen import ACCOUNT, ExchangeChoice
from pytest_soak.exchange.feeds import AccountFeeds, write
from pytest_soak.exchange.invariants.measure import measure
from pytest_soak.exchange.invariants.seen import Seen, Span
from pytest_soak.exchange.jail.isolation import Isolation
from pytest_soak.exchange.jail.jail import Admitted, Jail, Venue, open_jail
from pytest_soak.exchange.judged import FOLDER, JUDGED, Judged, judged
from pytest_soak.exchange.record import read
from pytest_soak.exchange.serving import Ready, Service
from pytest_soak.storage.files import append_new
from pytest_soak.system import is_link
from pytest_soak.text import plural

RECORD, BELIEVED, JAIL, TLS = "record.jsonl", "believed.jsonl", "jail", "tls"
READY_SECONDS, END_SECONDS = 120.0, 20.0
_HOME = Path(pytest_soak.__file__).parent.parent
_PROGRAM = (
    "import sys; sys.path.append(sys.argv[1]); "
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
        self._choice = choice
        self._home = folder / FOLDER
        self._folder = _next(self._home)
        self._seen = Seen()
        self._beliefs: list[Belief] = []
        self._troubles: dict[str, str] = {}
        self._feeds, self._folder_of_feeds = AccountFeeds(ACCOUNT), feeds
        self._record = GrowingFile(self._folder / RECORD)
        self._believed = GrowingFile(self._folder / BELIEVED)
        self._isolation = Isolation("none", "no bot was let in")
        self._jail: Jail | None = None
        scenario, knobs = market
        settings = choice.settings(scenario, knobs, seed)
        self._account = settings.accounts[0]
        self._jail = open_jail(self._folder / JAIL, best=choice.file.isolation)
        try:
            self._process = self._start(
                Service(
                    exchange=settings,
                    tls_port=self._jail.tls_port,
                    ca_folder=str(self._folder / TLS),
                    record=str(self._folder / RECORD),
                    schedule=choice.schedule,
                    beliefs=self._beliefs_of(log) if choice.beliefs else None,
                )
            )
            self._ready = self._wait()
        except BaseException:
            self.close()
            raise

    def _beliefs_of(self, log: Path) -> Beliefs:
        file = str(self._folder / BELIEVED)
        sources, base = self._choice.beliefs, str(self._choice.base)
        return Beliefs(sources=sources, base=base, log=str(log), file=file)

    def _start(self, service: Service) -> subprocess.Popen[bytes]:
        assert self._jail is not None
        command = [sys.executable, "-I", "-c", _PROGRAM, str(_HOME)]
        with (self._folder / "exchange.log").open("wb") as log:
            process = subprocess.Popen(
                self._jail.command(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        assert process.stdin is not None
        with suppress(OSError):
            process.stdin.write(service.model_dump_json().encode() + b"\n")
            process.stdin.flush()
        return process

    def _wait(self) -> Ready:
        assert self._process.stdout is not None
        if select.select([self._process.stdout], [], [], READY_SECONDS)[0]:
            line = self._process.stdout.readline()
            told = json.loads(line) if line else {}
            if "error" in told:
                raise TargetError(f"the exchange cannot be had: {told['error']}")
            if "ready" in told:
                return Ready(**told["ready"])
            raise self._gone()
        raise TargetError(f"the exchange was not ready after {READY_SECONDS:g} s")

    def _gone(self) -> TargetError:
        log = self._folder / "exchange.log"
        last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-1:]
        said = f": {last[0]}" if last else ""
        return TargetError(f"the exchange ended by itself{said} (see {log})")

    def admit(self, command: Sequence[str], env: Mapping[str, str], cwd: Path) -> Admitted:
        """What is to be started to have the bot run beside it."""
        assert self._jail is not None
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
        if self._process.poll() is not None:
            raise self._gone()
        events = [read(json.loads(line)) for line in self._record.lines()]
        self._seen.add(events)
        write(self._folder_of_feeds, self._feeds.rows(events))
        if self._choice.beliefs:
            for line in self._believed.lines():
                self._believe(json.loads(line))

    def _believe(self, data: dict[str, str]) -> None:
        if "trouble" in data:
            self._troubles[data["source"]] = data["trouble"]
        else:
            self._beliefs.append(belief_of(data, 0))

    def judge(self, iteration: int, window: Span) -> Judged:
        """What the window came to, which is over; it is written down."""
        assert self._jail is not None
        results = measure(self._seen, self._beliefs, window, self._choice.schedule.tolerances)
        seen = sum(window[0] <= belief.time_us < window[1] for belief in self._beliefs)
        held = (self._isolation, self._jail.outside())
        found = judged(iteration, window, self._seen, results, held, (seen, self._troubles))
        append_new(self._home / JUDGED, found.model_dump_json().encode() + b"\n")
        return found

    def notes(self) -> list[str]:
        """What of the bot's trading no KPI of money tells."""
        if not self._feeds.elsewhere:
            return []
        trades = plural(self._feeds.elsewhere, "trade")
        return [f"money and fills are those of {self._feeds.symbol}; {trades} were in others"]

    def close(self) -> None:
        """End the exchange, and take away what was made for it alone."""
        process = getattr(self, "_process", None)
        if process is not None:
            _end(process)
        if self._jail is not None:
            self._jail.close()
        for name in (JAIL, TLS):
            shutil.rmtree(self._folder / name, ignore_errors=True)


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


def _next(home: Path) -> Path:
    """A folder for one more start."""
    if is_link(home):
        raise TargetError(f"{home}: a symbolic link, which is not followed; take it away")
    home.mkdir(parents=True, exist_ok=True)
    number = 1 + sum(path.name.isdigit() for path in home.iterdir())
    folder = home / f"{number:03d}"
    folder.mkdir()
    return folder
