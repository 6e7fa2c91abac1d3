"""Faults in what holds a bot."""

from __future__ import annotations

from mutants.mutant import Mutant

JAIL = ("exchange/jail/test_jail.py",)
PARTS = ("exchange/jail/test_jail_parts.py",)

MUTANTS = (
    *(
        Mutant(file, old, new, JAIL)
        for file, old, new in (
            ("keeper.py", "        end_all(float(seconds))\n", ""),
            ("keeper.py", "        end_all(0.0)\n", ""),
            ("keeper.py", '    FIRST_PORT.write_text("0")\n', ""),
            ("keeper.py", "    raise_loopback()\n", ""),
            ("keeper.py", "while os.getppid() == parent:", "while True:"),
            ("join.py", "    os.chdir(folder)\n", "    os.chdir('/')\n"),
            ("join.py", "    give_up_rights()\n", ""),
            ("join.py", "    if mortal:\n        die_with_parent(parent)\n", ""),
            ("join.py", "signal.signal(number, signal.SIG_DFL)", "pass"),
            ("jail.py", "if trouble := _trouble(namespace):", "if _trouble(namespace) == 0:"),
            ("jail.py", "if isolation.level < LEVELS.index(least):", "if False:"),
            ("jail.py", 'if isolation.name == "shim" and python is None:', "if False:"),
            ("jail.py", "if name.lower() not in _PROXIES", "if True"),
            ("jail.py", "for path in (*own, *SYSTEM, *trusts)", "for path in ()"),
            ("shimmed.py", "refused=len(lines)", "refused=0"),
            ("jail.py", "told if python else before(told, TRUST)", "told"),
            ("sitecustomize.py", "    sys.addaudithook(_watch)\n", ""),
            ("sitecustomize.py", "    sys.meta_path.insert(0, _Refused)\n", ""),
            ("sitecustomize.py", "\n_next_of_name()\n", "\n"),
            ("sitecustomize.py", '        _note("name", name)\n', ""),
            ("sitecustomize.py", "port = _PORTS.get(_NUMBERS.get(number, number), port)", "pass"),
        )
    ),
    *(
        Mutant(file, old, new, PARTS)
        for file, old, new in (
            ("traffic.py", "int(row.split()[9])", "0"),
            ("traffic.py", '"OutNoRoutes", 0', '"InReceives", 0'),
            (
                "names.py",
                '    others = re.sub(r"(?m)^\\s*hosts\\s*:.*\\n?", "", switch)',
                "    others = switch",
            ),
            ("interpreter.py", 'if words and Path(words[0]).name == "env":', "if False:"),
            ("interpreter.py", "shutil.which(str(cwd / program))", "shutil.which(program)"),
            ("interpreter.py", 'line.startswith(b"#!")', "True"),
            ("bundle.py", "if Path(path).is_absolute() and is_bundle(Path(path)):", "if True:"),
            ("bundle.py", 'known.rstrip(b"\\n") + b"\\n" * bool(known) + ', ""),
        )
    ),
)
