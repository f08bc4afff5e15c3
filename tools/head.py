"""Where the head's second place is, as commands are told: a file, or the http(s) URL of an object."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ledger.recording.second_head import HeadPlace, SecondHead


class _Place(click.ParamType[Any]):
    name = "place"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> "HeadPlace":
        from ledger.recording.second_head import head_place  # noqa: PLC0415  --help does not need it

        place = head_place(str(value))
        if isinstance(place, Path) and place.is_dir():
            self.fail(f"{place} is a folder", param, ctx)
        return place


PLACE = _Place()
option = click.option("--head", type=PLACE, metavar="FILE|URL", help="The head's second place, as at init.")


def second_head(place: "HeadPlace", folders: Sequence[Path]) -> "SecondHead":
    """The second head in a place; what a URL's Authorization header says lies in one of the folders."""
    from ledger.recording.second_head import AUTHORIZATION, second_head_at  # noqa: PLC0415  as above

    said = (folder / AUTHORIZATION for folder in folders)
    return second_head_at(place, next((file.read_text("utf-8").strip() for file in said if file.is_file()), ""))
