"""What an intruder might do, done to copies: one character of a receipt, one of a statement in the database."""

import shutil
from pathlib import Path

from ledger.kernel.errors import Damaged

_FRAGMENT = 48  # characters of a statement: few enough to lie on one database page


def tamper_with_receipt(receipt: Path, copy: Path, jwt: bytes) -> None:
    """A copy of a receipt whose statement differs in one character."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(_altered(receipt.read_bytes(), jwt))


def tamper_with_database(database: Path, copy: Path, jwt: bytes) -> None:
    """A copy of a database that no process has open, with one character of one stored statement changed.

    On the bytes of the file, as somebody with access to the disk would do it: no trigger sees it.
    """
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(database, copy)
    copy.write_bytes(_altered(copy.read_bytes(), jwt))


def _altered(data: bytes, jwt: bytes) -> bytes:
    """`data` with the middle character of some fragment of the payload replaced by another base64url character.

    A fragment that is found once: statements have much in common. Raises Damaged where there is none.
    """
    payload = jwt.split(b".")[1]
    for start in range(len(payload) // 3, len(payload) - _FRAGMENT, _FRAGMENT):
        fragment = payload[start : start + _FRAGMENT]
        if data.count(fragment) == 1:
            middle = data.index(fragment) + _FRAGMENT // 2
            other = b"A" if data[middle : middle + 1] != b"A" else b"B"
            return data[:middle] + other + data[middle + 1 :]
    raise Damaged("statement", "the statement is not among the bytes it should be in")
