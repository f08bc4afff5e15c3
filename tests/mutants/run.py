"""Each seeded bug of `list.toml` put into a copy of the tree: the test named beside it must fail there.

    python -m tests.mutants.run [NAME ...]

A bug whose test stays green is a hole in the tests; the run then ends with 1.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_name("list.toml")
AT_ONCE = 2
LONGEST = 300  # seconds


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
    """What git knows or would add, and the compiled kernel."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    built = [str(path.relative_to(ROOT)) for path in ROOT.glob("ledger/merkle/*.so")]
    for name in filter(None, [*listed, *built]):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def put_in(mutant, tree):
    """The bug into the copy. Raises ValueError where the list no longer fits the tree."""
    file = tree / mutant.file
    text = file.read_text("utf-8")
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.name}: its text stands {text.count(mutant.old)} times in {mutant.file}")
    file.write_text(text.replace(mutant.old, mutant.new), "utf-8")


def run_tests(tree, *tests, longest=LONGEST):
    """pytest's exit code, 0 all passed, 1 some failed, and what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    ran = subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, timeout=longest, check=False
    )
    return ran.returncode, ran.stdout


def verdict(mutant):
    """Why the bug was not caught, or ""."""
    with tempfile.TemporaryDirectory(prefix="coilmark-mutant-") as folder:
        tree = Path(folder)
        copy_tree(tree)
        try:
            put_in(mutant, tree)
            code, said = run_tests(tree, mutant.test)
        except ValueError as error:
            return str(error)
        except subprocess.TimeoutExpired:
            return ""  # a hang is noticed
        if code == 1 or code < 0:  # failed, or brought down
            return ""
        return f"{mutant.test} ended with {code}: {said.strip().splitlines()[-1] if said.strip() else ''}"


def red_without_any(chosen):
    """What pytest says where the named tests are not all green on the tree as it is, or ""."""
    with tempfile.TemporaryDirectory(prefix="coilmark-mutant-") as folder:
        copy_tree(Path(folder))
        code, said = run_tests(Path(folder), *dict.fromkeys(one.test for one in chosen), longest=3600)
        return said if code else ""


def main(*names):
    chosen = [one for one in mutants() if not names or one.name in names]
    if said := red_without_any(chosen):
        print(f"these tests are red without any bug:\n{said[-2000:]}")  # noqa: T201  a command prints
        return 1
    holes = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for mutant, why in zip(chosen, pool.map(verdict, chosen), strict=True):
            holes += bool(why)
            print(f"{'NOT CAUGHT' if why else 'caught':<10}  {mutant.name}  {why}", flush=True)  # noqa: T201  a command prints
    print(f"{len(chosen) - holes} of {len(chosen)} seeded bugs are caught")  # noqa: T201  likewise
    return 1 if holes else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
