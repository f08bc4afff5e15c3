"""The rows of each table that new entries make; those of derived tables by key, so that pages fill in turn."""

from collections.abc import Iterator, Sequence

from ledger.store.protocol import NewRow


def entry_rows(rows: Sequence[NewRow]) -> Iterator[tuple[int, bytes, bytes, str, bytes, bytes, bytes, bytes]]:
    """(index, entry, leaf, typ, request, jwt, seed, items)."""
    for row in rows:
        one = row.stored
        yield one.index, one.entry, one.leaf, one.typ, row.request, one.jwt, one.seed, one.items


def disclosure_rows(rows: Sequence[NewRow]) -> list[tuple[int, int, str]]:
    """(index, position, text)."""
    return [(row.stored.index, n, text) for row in rows for n, text in enumerate(row.stored.disclosures)]


def version_rows(rows: Sequence[NewRow]) -> list[tuple[bytes, int, int]]:
    """(subject, version, index)."""
    return sorted((subject, version, row.stored.index) for row in rows for subject, version in row.advanced)


def event_rows(rows: Sequence[NewRow]) -> list[tuple[bytes, int]]:
    """(key, index)."""
    names = ((name, row.stored.index) for row in rows for name in (row.event, *row.announced))
    return sorted((name, index) for name, index in names if name is not None)


def record_rows(rows: Sequence[NewRow]) -> list[tuple[bytes, int, bytes]]:
    """(key, index, value)."""
    return sorted((key, row.stored.index, value) for row in rows for key, value in row.records)


def tag_rows(rows: Sequence[NewRow]) -> list[tuple[bytes, bytes, int]]:
    """(tag, key, index) of each tag once, with the first of these entries that has it; in order."""
    first: dict[tuple[bytes, bytes], int] = {}
    for row in rows:
        for pair in row.tags:
            first.setdefault(pair, row.stored.index)
    return sorted((tag, key, index) for (tag, key), index in first.items())
