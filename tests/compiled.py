"""What is compiled at the first run of the tests, compiled once: else each process of that run would do it for itself.

The tests proper are compiled by pytest, which rewrites their asserts; it has no public way to do that beforehand.
"""

import compileall
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from _pytest.assertion import AssertionState, rewrite

ROOT = Path(__file__).parent.parent
HOUSE = ("api", "ledger", "schemas", "tools", "tests")


def compile_tests(files):
    """As pytest does when it imports them."""
    config = pytest.Config.fromdictargs({}, [str(ROOT)])
    for file in files:
        hashed, code = rewrite._rewrite_test(file, config)
        folder = rewrite.get_cache_dir(file)
        folder.mkdir(exist_ok=True)
        name = file.name.removesuffix(".py") + rewrite.PYC_TAIL
        rewrite._write_pyc(AssertionState(config, "rewrite"), code, hashed, folder / name)


if __name__ == "__main__":
    tests = sorted(path for path in (ROOT / "tests").rglob("*.py") if path.name.startswith(("test_", "conftest")))
    cores = os.cpu_count() or 1
    with ProcessPoolExecutor(cores) as processes:
        done = [processes.submit(compile_tests, tests[core::cores]) for core in range(cores)]
        done += [processes.submit(compileall.compile_dir, ROOT / one, quiet=1) for one in HOUSE]
        for one in done:
            one.result()
