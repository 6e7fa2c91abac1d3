"""GitHub workflows, run block by block as the runner would; its actions are left out."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

WORKFLOWS = Path(__file__).parents[1] / ".github" / "workflows"
RUN = {"run_id": "123456", "run_attempt": "1", "workflow": "w", "ref": "refs/heads/main"}
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")
_TOKEN = re.compile(r"'[^']*'|==|&&|\|\||!|\(\)|[\w.-]+")


class Workflow:
    """A workflow file."""

    def __init__(self, name: str) -> None:
        self.path = WORKFLOWS / f"{name}.yml"
        self.text = self.path.read_text(encoding="utf-8")
        self.data: dict[str, Any] = yaml.load(self.text, yaml.BaseLoader)

    @property
    def jobs(self) -> dict[str, Any]:
        found: dict[str, Any] = self.data["jobs"]
        return found

    def inputs(self, trigger: str) -> dict[str, str]:
        """The defaults of the inputs."""
        return {name: i["default"] for name, i in self.data["on"][trigger]["inputs"].items()}

    def blocks(self) -> set[tuple[str, str]]:
        """Every `run:` block, by job and step."""
        return {
            (job, step["name"])
            for job, facts in self.jobs.items()
            for step in facts["steps"]
            if "run" in step
        }


@dataclass(frozen=True)
class Step:
    """What a `run:` block did."""

    name: str
    returncode: int
    output: str


@dataclass
class Job:
    """A job at work in `directory`, with what it may refer to."""

    workflow: Workflow
    name: str
    directory: Path
    environment: Mapping[str, str]
    inputs: Mapping[str, str] = field(default_factory=dict)
    matrix: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    event: str = "workflow_dispatch"
    payload: Mapping[str, Any] = field(default_factory=dict)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return any(step.returncode for step in self.steps)

    def output(self, name: str) -> str:
        """What the step printed."""
        return next(step.output for step in self.steps if step.name == name)

    def run(self) -> Job:
        """Run each block whose condition holds, in order."""
        facts = self.workflow.jobs[self.name]
        shared = self._evaluated({**self.workflow.data.get("env", {}), **facts.get("env", {})}, {})
        for step in facts["steps"]:
            if "run" in step and self._applies(step.get("if", "success()"), shared):
                self._step(step, shared | self._evaluated(step.get("env", {}), shared))
        return self

    def _step(self, step: Mapping[str, str], env: Mapping[str, str]) -> None:
        told = self.directory / ".github-output"
        told.unlink(missing_ok=True)
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.directory,
            env={**self.environment, **env, "GITHUB_OUTPUT": str(told)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            timeout=600,
            check=False,
        )
        self.steps.append(Step(step["name"], done.returncode, done.stdout))
        if told.exists():
            lines = told.read_text(encoding="utf-8").splitlines()
            self.outputs[step["id"]] = {
                name: value for name, _, value in (line.partition("=") for line in lines)
            }

    def _applies(self, condition: str, env: Mapping[str, str]) -> bool:
        match = _EXPRESSION.fullmatch(condition)
        return bool(self.value(match[1] if match else condition, env))

    def _evaluated(self, texts: Mapping[str, str], env: Mapping[str, str]) -> dict[str, str]:
        return {name: self.expand(text, env) for name, text in texts.items()}

    def expand(self, text: str, env: Mapping[str, str]) -> str:
        """`text` with the value of each expression in it."""
        return _EXPRESSION.sub(lambda match: str(self.value(match[1], env)), text)

    def value(self, expression: str, env: Mapping[str, str]) -> Any:
        """An expression: literals, contexts, status functions, `!`, `==`, `&&`, `||`."""
        tokens = _TOKEN.findall(expression)
        assert "".join(tokens) == expression.replace(" ", ""), f"not understood: {expression}"
        for operator in ("||", "&&", "=="):
            if operator in tokens:
                at = tokens.index(operator)
                left = self.value(" ".join(tokens[:at]), env)
                right = " ".join(tokens[at + 1 :])
                if operator == "==":
                    return left == self.value(right, env)
                return left if bool(left) is (operator == "||") else self.value(right, env)
        if tokens[0] == "!":
            return not self.value(" ".join(tokens[1:]), env)
        if tokens[0].startswith("'"):
            return tokens[0][1:-1]
        return self._named(tokens[0], env)

    def _named(self, name: str, env: Mapping[str, str]) -> Any:
        functions = {
            "always": True,
            "cancelled": False,
            "failure": self.failed,
            "success": not self.failed,
        }
        if name in functions:
            return functions[name]
        contexts: dict[str, Any] = {
            "inputs": self.inputs,
            "matrix": self.matrix,
            "vars": self.variables,
            "github": RUN | {"event_name": self.event, "event": self.payload},
            "env": env,
            "steps": {step: {"outputs": given} for step, given in self.outputs.items()},
        }
        value: Any = contexts
        for part in name.split("."):
            value = value.get(part, "")
        return value
