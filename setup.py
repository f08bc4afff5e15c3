"""The C hash kernel; everything else is in pyproject.toml. Without a compiler the install goes on without it."""

from setuptools import Extension, setup

_NATIVE = "ledger/merkle/native"
_SOURCES = ("paths", "scalar", "shani", "shani_sse", "avx2", "avx512", "armv8")

setup(
    ext_modules=[
        Extension(
            "ledger.merkle._kernel",
            sources=[
                "ledger/merkle/_kernel.c",
                *(f"{_NATIVE}/{name}.c" for name in ("arguments", "leaves", "lineage", "gather", "fold")),
                *(f"{_NATIVE}/sha256_{name}.c" for name in _SOURCES),
            ],
            depends=[
                *(f"{_NATIVE}/{name}.h" for name in ("arguments", "sha256", "sha256_lanes", "tree")),
                f"{_NATIVE}/sha256_shani.c",  # included by shani_sse
            ],
            extra_compile_args=["-O2", "-g0", "-std=c11", "-fvisibility=hidden"],
            optional=True,
        )
    ]
)
