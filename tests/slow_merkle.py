"""The Merkle tree as RFC 6962 2.1 writes it: recursive, slow, obvious. It shares no code with what it is held against.

`leaves` are leaf hashes, where the RFC has the entries themselves.
"""

from hashlib import sha256


def leaf(data):
    return sha256(b"\x00" + data).digest()


def node(left, right):
    return sha256(b"\x01" + left + right).digest()


def split(n):
    """The largest power of two smaller than n."""
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def mth(leaves):
    """2.1, MTH."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node(mth(leaves[:k]), mth(leaves[k:]))


def path(m, leaves):
    """2.1.1, PATH."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def proof(m, leaves):
    """2.1.2, PROOF."""
    return subproof(m, leaves, whole=True)


def subproof(m, leaves, whole):
    """2.1.2, SUBPROOF."""
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], whole=False), mth(leaves[:k])]


def subtree_proof(start, end, leaves, whole=True):
    """Merkle tree certificates (draft) 4.4.1: the proof that the leaves [start, end) are part of all of them."""
    n = len(leaves)
    if end - start == n:
        return [] if whole else [mth(leaves)]
    k = split(n)
    if end <= k:
        return [*subtree_proof(start, end, leaves[:k], whole), mth(leaves[k:])]
    if k <= start:
        return [*subtree_proof(start - k, end - k, leaves[k:], whole), mth(leaves[:k])]
    return [*subtree_proof(0, end - k, leaves[k:], whole=False), mth(leaves[:k])]


def multi(indices, leaves):
    """What a multi-proof lists, from the top down: the highest subtrees without a leaf of `indices`.

    Each is (level, start, root), where a subtree of n leaves is as high as n asks for, except that a lone rightmost
    one stands at the level of the sibling it is joined with; sorted, that is the order of a bottom-up level walk.
    """
    found = []

    def walk(start, end, level):
        if not any(start <= index < end for index in indices):
            found.append((level, start, mth(leaves[start:end])))
        elif end - start > 1:
            k = split(end - start)
            walk(start, start + k, k.bit_length() - 1)
            walk(start + k, end, k.bit_length() - 1)

    walk(0, len(leaves), len(leaves).bit_length())
    return [root for _, _, root in sorted(found)]
