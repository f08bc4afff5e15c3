"""An export folder as a source. Segments are decoded in processes of their own: a hostile one may end its reader."""

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from ledger.audit.findings import Finding, about
from ledger.audit.segments import MANIFEST, Manifest, parse_manifest, read_segment
from ledger.audit.sources import Outline, Row
from ledger.checking.worker import confine
from ledger.kernel.errors import CoilmarkError, Missing

_MEMORY = 8 << 30  # bytes of its own that a process may have: a segment has 1 GiB at most, and is read in a few copies


@dataclass(frozen=True, slots=True)
class ExportSource:
    """A folder that `coilmark export` made."""

    folder: Path

    @property
    def isolated(self) -> bool:
        """Arrow and Parquet decoders are not made for hostile files."""
        return True

    def outline(self) -> Outline:
        """What the manifest says. Raises Missing where there is none."""
        path = self.folder / MANIFEST
        if not path.is_file():
            raise Missing("no_export", f"there is no export in {self.folder}: {MANIFEST} is missing")
        try:
            manifest = parse_manifest(path.read_bytes())
        except (CoilmarkError, OSError) as error:
            return Outline(0, None, None, (), findings=(Finding("manifest", f"the manifest cannot be read: {error}"),))
        ranges = tuple((one.first, one.first + one.count) for one in manifest.segments)
        return Outline(
            size=ranges[-1][1] if ranges else 0,
            root=None,
            uri=manifest.uri,
            ranges=ranges,
            checkpoint=manifest.checkpoint,
            statements=manifest.statements,
        )

    @contextmanager
    def reading(self) -> Iterator["ExportReader"]:
        """The folder. In a worker, with bounds on what a file may make it take."""
        confine(_MEMORY)
        yield ExportReader(self.folder)


class ExportReader:
    """Segments of one export."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def rows(self, start: int, end: int) -> tuple[list[Row], list[Finding]]:
        """Entries of a range that lies in one segment. Raises nothing."""
        try:
            manifest = parse_manifest((self._folder / MANIFEST).read_bytes())
            rows, first = self._segment(manifest, start)
        except (CoilmarkError, OSError) as error:
            says = f"entries {start} to {end - 1} cannot be read: {error}"
            return [], [Finding("unreadable", says, start, {"count": end - start})]
        findings = [
            about(index, "index", f"the export gives it index {row.index}")
            for index, row in enumerate(rows, first)
            if row.index != index
        ]
        placed = [replace(row, index=index) for index, row in enumerate(rows, first)] if findings else rows
        return placed[start - first : end - first], findings

    def _segment(self, manifest: Manifest, start: int) -> tuple[list[Row], int]:
        place = bisect_right(manifest.segments, start, key=lambda one: one.first) - 1
        segment = manifest.segments[place]
        return read_segment(self._folder, manifest, segment), segment.first
