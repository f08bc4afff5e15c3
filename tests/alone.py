"""CI asks twice (`-p tests.alone`): a test that failed beside others is run once more with nothing beside it.

What fails again is red. What passes is named, to be mended: it hangs on how busy the machine is. More than `MOST` are
no accident and are not asked again; nor is anything where a process died, or a file could not be loaded.
"""

import subprocess
import sys

import pytest

MOST = 3
_STAGES = {"setup", "call", "teardown"}  # a process of xdist's that died is told of as a test that failed at none


def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(SecondQuestion(config))


class SecondQuestion:
    def __init__(self, config):
        self._config = config
        self._failed = {}  # by name, in order: at which stage

    def pytest_collectreport(self, report):
        if report.failed:
            self._failed[report.nodeid] = "collection"

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self._failed[report.nodeid] = report.when

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session, exitstatus):
        few = 0 < len(self._failed) <= MOST and _STAGES.issuperset(self._failed.values())
        if exitstatus == pytest.ExitCode.TESTS_FAILED and few and all([*map(self.passes, self._failed)]):
            session.exitstatus = pytest.ExitCode.OK

    def passes(self, name):
        """Alone."""
        drawn = [word for word in self._config.invocation_params.args if str(word).startswith("--hypothesis")]
        command = [sys.executable, "-m", "pytest", "-q", *drawn, name]
        red = subprocess.run(command, cwd=self._config.rootpath, check=False).returncode
        sys.stdout.write(f"failed beside others, {'failed' if red else 'passed'} alone: {name}\n")
        sys.stdout.flush()
        return not red
