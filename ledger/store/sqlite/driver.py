"""SQLite, for whoever opens a file of ours: that of `pysqlite3`, whose release is chosen by our lock.

The operating system's is years old in places, and has a bug that can damage a file (see `engine`). Nothing else
imports the standard library's `sqlite3`: where two SQLites are in one process, one that closes a file lets go of the
locks that the other holds on it (https://sqlite.org/howtocorrupt.html, 2.2.1).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3  # the same interface, and its types are known
else:
    from pysqlite3 import dbapi2 as sqlite3

__all__ = ["sqlite3"]
