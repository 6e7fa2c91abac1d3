"""A soak session as a step of a GitHub workflow."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from pytest_soak.artifacts.models import RunResult
from pytest_soak.artifacts.stored_run import read
from pytest_soak.errors import ArtifactError
from pytest_soak.report.github import GitHub, annotate, command
from pytest_soak.run.run import Run
from pytest_soak.session.context import SoakContext
from pytest_soak.session.protection import Protection
from pytest_soak.session.terminal import Terminal


class Announcer:
    """Annotates the end of a session, in which GitHub obeys nothing else that is printed.

    To be registered before the controller, which writes RESULT.json before this reads it and the
    last line after this has printed.
    """

    def __init__(
        self,
        step: GitHub,
        protection: Protection,
        context: SoakContext,
        run: Run,
        terminal: Terminal,
    ) -> None:
        self._step = step
        self._protection = protection
        self._context = context
        self._run = run
        self._terminal = terminal

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """After the terminal's summary, which shows what the bot printed."""
        yield
        told = [] if session.config.option.collectonly else self._told()
        if told:
            self._terminal.line_of_its_own(self._protection.window(told))

    def _told(self) -> list[str]:
        if self._context.usage_error is not None:
            return [command("error", "soak", self._context.usage_error)]
        path = self._run.layout.result
        if not self._run.folder.prepared or not path.exists():
            return []
        result = read(RunResult, path)
        try:
            self._step.write_summary(result)
        except ArtifactError as error:
            self._terminal.complain(str(error))
        return annotate(result)
