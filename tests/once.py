"""What takes long to make and nobody changes is made once, for all the processes that run the tests."""

import fcntl
import os


def once(tmp_path_factory, name, make):
    """The folder of this name after `make(folder)`: who asks first makes it, others wait for it or find it."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, made = base / name, base / f"{name}.made"
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            make(folder)
            made.touch()
    return folder
