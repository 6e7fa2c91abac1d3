"""Compiles the part of Hummingbot that its connectors need, in place; run by the client's Python.

    python hummingbot_build.py FOLDER

FOLDER is the unpacked source. The package on the index does not install on Python 3.11: see
`recipes`. The strategies, which a connector does not need, are left out.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

CONNECTOR = ("connector_base", "exchange_base", "in_flight_order_base", "trading_rule")


def sources(folder: Path) -> list[str]:
    """The files of the core and of the base of connectors."""
    core = sorted((folder / "hummingbot" / "core").rglob("*.pyx"))
    connectors = [folder / "hummingbot" / "connector" / f"{name}.pyx" for name in CONNECTOR]
    return [str(path.relative_to(folder)) for path in (*core, *connectors)]


def main() -> None:
    """Build them without optimization, which takes half the time."""
    import numpy as np
    from Cython.Build import cythonize
    from setuptools import Extension, setup

    folder = Path(sys.argv[1])
    os.chdir(folder)
    parts = [
        Extension(
            path.removesuffix(".pyx").replace("/", "."),
            [path],
            language="c++",
            include_dirs=["hummingbot/core", np.get_include()],
            extra_compile_args=["-O0", "-g0", "-std=c++11"],
        )
        for path in sources(folder)
    ]
    built = cythonize(
        parts, language_level=3, nthreads=2, compiler_directives={"annotation_typing": False}
    )
    setup(
        name="hummingbot-core",
        ext_modules=built,
        script_args=["-q", "build_ext", "--inplace", "--parallel=2"],
    )


if __name__ == "__main__":
    main()
