"""A folder in which a user releases, and a clock that moves only when told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pytest_soak.commands.release_place import Asked, Worked
from pytest_soak.commands.release_prep import prep
from pytest_soak.commands.release_status import status

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TWO_LINES = "profile: steady_safe\ncandidate: {flags: {taker_cap.max_taker_share_pct: 1}}\n"
ASKED = Asked(None, "release.yaml")


@dataclass
class Stopped:
    """A clock."""

    at: datetime = AT

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Releasing:
    """A user's folder, and what the last command said."""

    folder: Path
    clock: Stopped = field(default_factory=Stopped)
    env: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    worked: Worked = Worked(-1, {})  # noqa: RUF009 - it is not changed

    @property
    def out(self) -> Path:
        return self.folder / "artifacts"

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def prep(self, dry: bool = False, **asked: Any) -> int:
        return self._ran(prep, dry, asked)

    def status(self, verify: bool = False, **asked: Any) -> int:
        return self._ran(status, verify, asked)

    def _ran(self, command: Any, switch: bool, asked: dict[str, Any]) -> int:
        self.said = []
        given = (ASKED._replace(**asked), switch, self.env, self.folder, self.clock)
        self.worked = command(*given, self.said.append)
        return self.worked.status

    def stands(self) -> dict[str, str]:
        """The state of each step."""
        self.status()
        steps: Any = self.worked.document["steps"]
        return {step["step"]: step["state"] for step in steps}

    def files(self) -> dict[str, bytes]:
        paths = (path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in paths}
