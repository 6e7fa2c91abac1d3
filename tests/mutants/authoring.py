"""Faults in an author's way in: tables of fills, hooks, help, schemas."""

from __future__ import annotations

from mutants.mutant import Mutant, of

FILLS = of("from_fills")
HONESTY = ("plugin/test_honesty.py",)
SCHEMAS = of("user_schemas")
CONFIG = ("plugin/test_config_commands.py",)
MISTAKES = ("plugin/test_usage_errors.py",)
SESSION = ("plugin/test_session.py",)
REFERENCE = ("docs/test_reference.py",)

MUTANTS = (
    # mistakes, and what they are told
    *(
        Mutant(file, old, new, tests)
        for file, old, new, tests in (
            ("windows.py", '_COUNTS.sub("some of", note)', "note", ("engine/test_run.py",)),
            ("cli.py", "message == error.ctx.get_help()", "False", CONFIG),
            ("config_cli.py", 'typed.removesuffix("s") in KINDS', "typed in KINDS", CONFIG),
            ("config_cli.py", "if ctx.args:", "if False:", CONFIG),
            ("expressions.py", "if not isinstance(value, str):", "if False:", of("criteria")),
            ("names.py", "if stem(path) in self.names()", "if False", MISTAKES),
            ("overrides.py", "if _NAMED.fullmatch(name.strip())", "if False", of("overrides")),
            ("resolve.py", 'if module.endswith(".py") and attribute:', "if False:", MISTAKES),
            ("controller.py", "session.exitstatus not in _NO_SOAK", "True", MISTAKES),
            ("header.py", "chosen and stem(Path(asked)) != name", "False", SESSION),
            ("header.py", "stem(Path(asked)) != name", "asked != name", SESSION),
        )
    ),
    # a table of fills
    *(
        Mutant(file, old, new, FILLS)
        for file, old, new in (
            ("from_fills.py", '(table["time_us"] < end_us)', '(table["time_us"] <= end_us)'),
            ("from_fills.py", '(table["time_us"] >= start_us)', '(table["time_us"] > start_us)'),
            ("from_fills.py", 'signed[table["time_us"] < start_us].sum()', "0.0"),
            ("from_fills.py", 'own["time_us"] + offset_us', 'own["time_us"]'),
            ("from_fills.py", "LATER_MIDS.get(name, 0)", "0"),
            ("from_fills.py", 'untold["fills.mid"] = why', "pass"),
            ("from_fills.py", 'untold[f"fills.{name}"] =', "_ ="),
            ("from_fills.py", "untold[name] =", "_ ="),
            ("from_fills.py", "times[outside]", "times"),
            ("from_fills.py", "start_us < _YEAR_US or", ""),
            ("from_fills.py", "columns.get(ours, ours)", "ours"),
            ("from_fills.py", "may_be_null and is_missing(value)", "is_missing(value)"),
            ("from_fills.py", '"mid" not in own and takers', "takers"),
            ("cells.py", "if zoned else None", ""),
            ("cells.py", '_SIDES = {"buy": 1, "sell": -1}', '_SIDES = {"buy": -1, "sell": 1}'),
            ("cells.py", '"maker": True, "taker": False', '"maker": False, "taker": True'),
            ("cells.py", '"_" not in value', "True"),
            ("given_columns.py", 'column.dtype.kind == "M"', "False"),
            ("given_columns.py", 'place + 2}" if self', 'place + 1}" if self'),
            ("given_columns.py", "row.keys() != rows[0].keys()", "False"),
            ("edge.py", "kpis.update(dict.fromkeys(unknown))", "pass"),
            (
                "edge.py",
                "(observation.mid_end - observation.mid_start)\n\n\n_Part",
                "0.0\n\n\n_Part",
            ),
            ("fed_by.py", '("fills.fee_quote", *_ENDS)', "_ENDS"),
            ("fed_by.py", '"maker_taker_ratio": ("fills.maker",)', '"x": ("fills.maker",)'),
            ("feed_rows.py", "if observation.lacks(*STAND_INS):", "if False:"),
            ("watch.py", "if not part.lacks(", "if not False and not str("),
            ("blocks.py", "and not observation.lacks(*STAND_INS)", ""),
            ("join.py", "for part in reversed(parts)", "for part in parts[1:]"),
        )
    ),
    Mutant("validate.py", "if observation.lacks(name):", "if False:", FILLS),
    Mutant("tally.py", 'if part.lacks("fills.maker")', "if False", of("metrics")),
    # hooks that raise
    Mutant("hooks.py", "getattr(plugin, REQUIRED, False) is True", "True", HONESTY),
    Mutant("hooks.py", "getattr(plugin, REQUIRED, False) is True", "False", HONESTY),
    Mutant("hooks.py", "if other is not plugin", "if other is plugin", HONESTY),
    Mutant("controller.py", "self._noted.add(str(error))", "pass", HONESTY),
    # schemas of what users write
    Mutant("plan.py", 'Also("integer")]],', "]],", SCHEMAS),
    Mutant(
        "line_mapping.py",
        'BeforeValidator(_named), Also("string")',
        "BeforeValidator(_named)",
        SCHEMAS,
    ),
    Mutant("user_schemas.py", '{"enum": list(FEEDS)}', "{}", SCHEMAS),
    # what the reference and help() say
    Mutant("tables.py", '"paid > 0, rebate < 0"', '""', of("help")),
    Mutant("formulas.py", '"log_errors": Formula(', '"log_error": Formula(', REFERENCE),
    Mutant("record.py", "        graded: Whether", "        marked: Whether", of("help")),
)
