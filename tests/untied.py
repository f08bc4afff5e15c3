"""What a page says, to compare with a sentence that a test writes: its no-break spaces as plain ones."""

import re
from typing import Any

# A number and its unit with a plain space between them, where a line may end.
PARTED = re.compile(r"\d (?:%|t|т|kg|кг|mm|мм|km|км|h|k?Wh|к?Вт·(?:ч|сағ)|GW|ГВт|UTC|[bB]ytes|байт|字节)(?!\w)")


def untied(said: Any) -> Any:
    """Of a text, or of each in a tuple or list."""
    if isinstance(said, str):
        return said.replace("\u00a0", " ").replace("\u2060", "")
    return type(said)(untied(one) for one in said) if isinstance(said, tuple | list) else said
