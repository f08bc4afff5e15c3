"""The C kernel under the address and undefined-behaviour sanitizers, and the ARMv8 code under emulation."""

import os
import platform
import random
import shutil
import subprocess
import sys
import sysconfig
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.merkle import kernel

ROOT = Path(__file__).parents[2]
MERKLE = ROOT / "ledger" / "merkle"
HERE = Path(__file__).parent
SOURCES = [MERKLE / "_kernel.c", *sorted((MERKLE / "native").glob("*.c"))]
INCLUDE = f"-I{sysconfig.get_path('include')}"
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
SANITIZE = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=800, **options)
    assert done.returncode == 0, f"{command[0]}: {done.stderr[-4000:]}"
    return done.stdout


def build(target, sources, *flags):
    """One object a source, side by side."""
    objects = [target.parent / f"{target.name}-{source.stem}.o" for source in sources]
    started = [
        subprocess.Popen([*flags, "-c", str(source), "-o", str(made)], stderr=subprocess.PIPE, text=True)
        for source, made in zip(sources, objects, strict=True)
    ]
    for one in started:
        _, complaint = one.communicate(timeout=800)
        assert one.returncode == 0, complaint
    return [str(made) for made in objects]


@pytest.fixture(scope="module")
def compiler():
    found = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not found or not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        pytest.skip("no C compiler, or no Python headers")
    return found


@pytest.fixture(scope="module")
def sanitized(compiler, tmp_path_factory):
    """The extension built with sanitizers, and the library that must be loaded before anything else."""
    runtime = Path(run([compiler, "-print-file-name=libasan.so"]).strip())
    if not runtime.is_absolute():
        pytest.skip("the compiler has no address sanitizer runtime (libasan.so)")
    target = tmp_path_factory.mktemp("sanitized") / "_kernel.so"
    # -O0: an optimiser takes a minute over the unrolled rounds, and takes out accesses that it finds without effect.
    objects = build(target, SOURCES, compiler, "-O0", "-std=c11", "-fPIC", *SANITIZE, INCLUDE)
    run([compiler, "-shared", *SANITIZE, *objects, "-o", str(target)])
    return target, runtime.resolve()


def drive(program, sanitized, *arguments):
    extension, runtime = sanitized
    settings = {
        "PYTHONPATH": str(ROOT),
        "LD_PRELOAD": str(runtime),
        "PYTHONMALLOC": "malloc",  # one allocation an object, so that each has its own bounds
        "ASAN_OPTIONS": "detect_leaks=0",  # the interpreter keeps what it has until the end
    }
    command = [sys.executable, *program, str(extension), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=800, env=os.environ | settings)


@pytest.mark.slow
def test_edge_sizes_under_sanitizers(sanitized):
    done = drive([str(HERE / "kernel_edges.py")], sanitized)
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.split()[0] == "checked"
    assert set(kernel.available_paths()) <= set(done.stdout.split()) | {"portable"}


BESIDE = f"""
import ctypes, sys
sys.path.insert(0, {str(HERE)!r})
import kernel_edges
kernel_edges.use(sys.argv[1])
held = kernel_edges.room(64)
ctypes.memset(held.buffer_info()[0], 0, int(sys.argv[2]))
"""


@pytest.mark.slow
def test_the_sanitizer_sees_a_byte_too_many(sanitized):
    """The test above could not fail if buffers had room beside them."""
    assert drive(["-c", BESIDE], sanitized, "64").returncode == 0
    assert "heap-buffer-overflow" in drive(["-c", BESIDE], sanitized, "65").stderr


@pytest.mark.slow
def test_the_sources_compile_without_warnings(compiler, tmp_path):
    build(tmp_path / "warned", SOURCES, compiler, "-O1", "-std=c11", *WARNINGS, INCLUDE)


@pytest.fixture
def armv8(tmp_path):
    """A program of the hashing sources for ARMv8, and what runs it."""
    if platform.machine() == "aarch64":
        pytest.skip("this is an ARMv8 processor: the other tests take the path itself")
    cross, emulator = (
        shutil.which("aarch64-linux-gnu-gcc"),
        shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64"),
    )
    if not cross or not emulator:
        pytest.skip("the ARMv8 path is untested here: aarch64-linux-gnu-gcc and qemu-aarch64 are needed")
    target = tmp_path / "driver"
    sources = [HERE / "kernel_driver.c", MERKLE / "native" / "leaves.c", *(MERKLE / "native").glob("sha256_*.c")]
    objects = build(target, sources, cross, "-O2", "-std=c11", *WARNINGS, f"-I{MERKLE / 'native'}")
    run([cross, "-static", *objects, "-o", str(target)])
    return [emulator, "-cpu", "max", str(target)]


def hashes(command, data):
    return subprocess.run(command, input=data, capture_output=True, check=True, timeout=800).stdout


@pytest.mark.parametrize("path", ["armv8", "c-scalar"])
def test_armv8_nodes_under_emulation(armv8, path):
    pairs = [random.Random(at).randbytes(64) for at in range(1031)]
    expected = b"".join(sha256(b"\x01" + pair).digest() for pair in pairs)
    assert hashes([*armv8, path, "0"], b"".join(pairs)) == expected


@pytest.mark.slow
def test_armv8_leaves_of_every_length_under_emulation(armv8):
    for width in range(1, 301):
        values = [random.Random(at).randbytes(width) for at in range(7)]
        expected = b"".join(sha256(b"\x00" + value).digest() for value in values)
        assert hashes([*armv8, "armv8", str(width)], b"".join(values)) == expected, width
