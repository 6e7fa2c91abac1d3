"""Faults in what a newcomer is told: of a bot that does not come, or waits for ever."""

from __future__ import annotations

from mutants.mutant import Mutant, of

TYPED = "exchange/test_exchange_command.py"
COMMAND = (f"{TYPED}::test_what_is_typed_wrongly_is_said",)
FULL = (f"{TYPED}::test_an_exchange_whose_record_finds_no_room_ends_and_says_so",)
VIRTUAL = "exchange/test_exchanged.py"
BLOCKS = (f"{VIRTUAL}::test_a_call_that_blocks_is_refused_at_once_and_told",)
WAITS = (f"{VIRTUAL}::test_a_thread_may_wait_for_the_exchange",)
TOLD = (f"{VIRTUAL}::test_a_bot_that_sends_no_order_and_a_fault_that_is_too_late_are_told",)
SLEEPS = ("exchange/test_virtual_time.py",)
HELD = (
    "exchange/test_exchange_session.py::test_what_holds_a_bot_is_told_where_it_is_no_namespace",
)
PARTS = ("exchange/jail/test_jail_parts.py",)

MUTANTS = (
    Mutant("so_far.py", "    SIGNATURE: ", "    0: ", ("exchange/test_awaited.py",)),
    Mutant("exchange_cli.py", "    if there:", "    if False:", COMMAND),
    Mutant("exchange_cli.py", "ca_dir is not None and tls_port is None", "False", COMMAND),
    Mutant("serving.py", "[app[MOVING], writes, ", "[app[MOVING], ", FULL),
    Mutant("schedule.py", "if name not in names:", "if False:", COMMAND),
    Mutant("tls.py", "    with writing(folder):\n", "    if True:\n", COMMAND),
    Mutant("virtual_time.py", "threading.get_ident() != own or ", "", SLEEPS),
    Mutant("virtual_time.py", " or _is_pythons(caller)", "", SLEEPS),
    Mutant("virtual_time.py", "        self._virtual.passed += seconds", "        pass", SLEEPS),
    Mutant("within.py", "port == self.port and arguments[0].gettimeout() != 0", "False", BLOCKS),
    Mutant("within.py", "if threading.get_ident() == self._thread:", "if True:", WAITS),
    Mutant("watch.py", "if not self._ordered:", "if False:", TOLD),
    Mutant("chosen.py", "one.at_us >= minutes * 60e6", "one.at_us > minutes * 60e6", TOLD),
    Mutant("beside.py", "if self._isolation.why else []", "if False else []", HELD),
    Mutant("users.py", "if error.errno == errno.ENOSPC:", "if False:", PARTS),
    Mutant("progress.py", "            lane.starting = None\n", "", of("progress")),
)
