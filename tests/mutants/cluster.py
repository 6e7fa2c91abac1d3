"""Faults in what goes to a cluster, what comes back, and in what order."""

from __future__ import annotations

from mutants.mutant import Mutant, of

MUTANTS = tuple(
    Mutant(file, old, new, of(test))
    for file, old, new, test in (
        ("task.py", "checkpoint=task.checkpoint, ", "", "cluster"),
        ("task.py", ", carried=task.carried", "", "cluster"),
        ("task.py", "if version != task.version:", "if False:", "cluster"),
        ("task.py", "    if problem is not None:", "    if False:", "cluster"),
        ("task.py", ", fired=tuple(fired)", "", "cluster"),
        ("task.py", "needed(measured.observation, task.events)", "None", "cluster"),
        ("task.py", "            here.stop()\n", "            pass\n", "cluster"),
        ("remote.py", "told=(*self._task.told, *measured.summary.notes)", "told=()", "cluster"),
        ("remote.py", "self._drop()\n        self.fores", "pass\n        self.fores", "cluster"),
        ("remote.py", "            self._ahead[1].cancel()\n", "", "cluster"),
        ("remote.py", "folder=None, feeds=None, runtime=None", "feeds=None", "cluster"),
        ("remote.py", "rootdir) is factory:", "rootdir):", "cluster"),
        ("remote.py", 'restore()": can.checkpoint is not None', 'restore()": True', "cluster"),
        ("feeds.py", "    if kept:\n        return observation\n", "", "cluster"),
        ("order.py", "place - place % at_once", "place", "cluster"),
        ("order.py", "start = place if is_last else", "start =", "cluster"),
        ("run.py", "        self.foresee()\n", "", "cluster"),
        ("run.py", "self._lasting = False\n            raise", "raise", "cluster"),
        ("pool.py", "event.result.ending is Ending.COMPLETED", "True", "calibration_pool"),
        ("pool.py", "groupby(missing, key=_but_seed)", "[(0, missing)]", "calibration_pool"),
        ("lanes.py", "            self._runs[lane].foresee()\n", "", "cluster"),
        ("remote.py", 'if own := ", ".join(extra_kpis):', "if False:", "cluster"),
        ("scheduler.py", "and not future.done()", "", "scheduler"),
        ("scheduler.py", " if self._has_workers() else looks + 1", "", "scheduler"),
        ("scheduler.py", "0 if self._has_workers() else looks + 1", "looks + 1", "scheduler"),
        ("scheduler.py", 'type(error).__name__ == "KilledWorker"', "False", "scheduler"),
        ("scheduler.py", "if isinstance(found, Exception):", "if False:", "scheduler"),
        ("scheduler.py", "    if not found:", "    if False:", "scheduler"),
        ("scheduler.py", "        client.close()", "        pass", "scheduler"),
        ("scheduler.py", "pure=False", "pure=True", "scheduler"),
    )
)
