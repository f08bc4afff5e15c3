"""Figures of several runs of `coilmark torture` together: what takes hours is done in pieces."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_NO_SUMS = {"calls", "reserve", "normal"}  # the same in each run, or no sum of anything
_MOST = ("slowest_", "recovery", "resumed")
_LEAST = ("least_",)


def keep(file: Path, figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Append a run's figures to a file of JSON lines; all that it holds now."""
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(figures, ensure_ascii=False) + "\n")
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def totals(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Counts added up, the slowest of times, every broken promise; the seeds, by which each can be run again."""
    kinds = dict.fromkeys(name for run in runs for name, one in run.items() if isinstance(one, dict))
    added = {kind: _together([run[kind] for run in runs if kind in run]) for kind in kinds}
    broken = dict.fromkeys(name for run in runs for name in run.get("broken", ()))
    return {"runs": len(runs), "seeds": [run["seed"] for run in runs], **added, "broken": list(broken)}


def _together(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: _added(name, [part[name] for part in parts if name in part]) for name in names}


def _added(name: str, values: Sequence[Any]) -> Any:
    first = values[0]
    if isinstance(first, dict):
        return _together(values)
    if isinstance(first, list):
        return [one for value in values for one in value]
    if isinstance(first, (str, bool)) or name in _NO_SUMS:
        return first if all(value == first for value in values) else list(dict.fromkeys(values))
    if name.startswith(_MOST):
        return max(values)
    return min(values) if name.startswith(_LEAST) else round(sum(values), 3)
