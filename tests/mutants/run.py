"""Each seeded bug of `list.toml` put into a copy of the tree: the test named beside it must fail there.

    python -m tests.mutants.run [NAME ...]

A bug whose test stays green is a hole in the tests; the run then ends with 1. Each of two workers has one copy, puts a
bug in, runs that one test, and takes the bug out again.
"""

import os
import queue
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_name("list.toml")
AT_ONCE = 2
HUNG = 60  # seconds that a test may take: many times what the slowest of the list takes


@dataclass(frozen=True)
class Mutant:
    """One seeded bug: in `file` the text `old`, which stands there once, becomes `new`; `test` must notice."""

    name: str
    kind: str
    file: str
    old: str
    new: str
    test: str


def mutants():
    return [Mutant(**one) for one in tomllib.loads(LIST.read_text("utf-8"))["mutant"]]


def copy_tree(target):
    """What git knows or would add, and what was compiled of it: a start that compiles everything takes seconds."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    built = [path for folder in ("schemas", "ledger", "api", "tools", "tests") for path in compiled(ROOT / folder)]
    for name in filter(None, [*listed, *(str(path.relative_to(ROOT)) for path in built)]):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def compiled(folder):
    """Python's are good as long as the time of their source is what it was; the kernel has no other form."""
    return [*folder.rglob("*.pyc"), *folder.rglob("*.so")]


@contextmanager
def put_in(mutant, tree):
    """The bug is in the copy as long as the block lasts. Raises ValueError where the list no longer fits the tree."""
    file = tree / mutant.file
    text, stood = file.read_text("utf-8"), file.stat()
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.name}: its text stands {text.count(mutant.old)} times in {mutant.file}")
    file.write_text(text.replace(mutant.old, mutant.new), "utf-8")
    try:
        yield
    finally:
        file.write_text(text, "utf-8")
        os.utime(file, ns=(stood.st_atime_ns, stood.st_mtime_ns))  # what was compiled of it is good again


def run_tests(tree, *tests, longest=2 * HUNG):
    """pytest's exit code, 0 all passed, 1 some failed, and what it printed."""
    vectors = (ROOT / os.environ.get("COILMARK_VECTORS", "../shared/vectors")).resolve()  # as seen from here
    environment = {
        **os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1", "COILMARK_VECTORS": str(vectors),
    }  # fmt: skip
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", f"--timeout={HUNG}", *tests]
    ran = subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, timeout=longest, check=False
    )
    return ran.returncode, ran.stdout


def verdict(mutant, tree):
    """Why the bug was not caught, or ""."""
    try:
        with put_in(mutant, tree):
            code, said = run_tests(tree, mutant.test)
    except ValueError as error:
        return str(error)
    except subprocess.TimeoutExpired:
        return ""  # a hang is noticed
    if code == 1 or code < 0:  # failed, or brought down
        return ""
    return f"{mutant.test} ended with {code}: {said.strip().splitlines()[-1] if said.strip() else ''}"


def red_without_any(chosen, tree):
    """What pytest says where the named tests are not all green on the tree as it is, or ""."""
    code, said = run_tests(tree, *dict.fromkeys(one.test for one in chosen), longest=3600)
    return said if code else ""


@contextmanager
def copies():
    """A queue of as many copies as workers."""
    with ExitStack() as stack:
        free = queue.SimpleQueue()
        for _ in range(AT_ONCE):
            tree = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="coilmark-mutant-")))
            copy_tree(tree)
            free.put(tree)
        yield free


def judged(mutant, free):
    """Verdict and seconds."""
    tree, started = free.get(), time.monotonic()
    try:
        return verdict(mutant, tree), time.monotonic() - started
    finally:
        free.put(tree)


def main(*names):
    chosen = [one for one in mutants() if not names or one.name in names]
    started, holes = time.monotonic(), 0
    with copies() as free, ThreadPoolExecutor(AT_ONCE) as pool:
        tree = free.get()
        if said := red_without_any(chosen, tree):
            print(f"these tests are red without any bug:\n{said[-2000:]}")  # noqa: T201  a command prints
            return 1
        free.put(tree)
        for mutant, (why, took) in zip(chosen, pool.map(lambda one: judged(one, free), chosen), strict=True):
            holes += bool(why)
            print(f"{'NOT CAUGHT' if why else 'caught':<10}  {mutant.name}  {took:.1f} s  {why}", flush=True)  # noqa: T201  a command prints
    lasted = time.monotonic() - started
    print(f"{len(chosen) - holes} of {len(chosen)} seeded bugs are caught, in {lasted:.0f} s")  # noqa: T201  likewise
    return 1 if holes else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
