"""Drives an extension built with sanitizers over edge sizes: run as a program, the file of the extension its argument.

Every buffer is an `array` allocated to the byte, so that a sanitizer sees any access beside it: one made of bytes has
room to grow, a slice of it has not.
"""

import random
import sys
from array import array
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_loader
from itertools import accumulate

from ledger.merkle import kernel, portable


def exact(content):
    return array("B", content)[:]


def room(count):
    return array("B", bytes(count))[:]


def use(file):
    loader = ExtensionFileLoader("_kernel", file)
    module = module_from_spec(spec_from_loader("_kernel", loader))
    loader.exec_module(module)
    kernel._native = module


def check_hashes(path, rng):
    for count in [*range(36), 48, 63, 64, 65]:
        children, out = exact(rng.randbytes(64 * count)), room(32 * count)
        kernel.node_hashes(children, out, path=path)
        kernel.node_hashes(children, memoryview(children)[: 32 * count], path=path)
        assert children[: 32 * count] == out
    for width in [*range(1, 131), 183, 184, 247, 248, 300]:
        for count in (0, 1, 3, 33, 104):  # of 104, 32 have enough behind them to be loaded in whole blocks
            data, out, again = exact(rng.randbytes(width * count)), room(32 * count), room(32 * count)
            kernel.leaf_hashes_fixed(data, width, out, path=path)
            portable.leaf_hashes_fixed(data, width, again)
            assert out == again


def check_offsets(path, rng):
    for code in "iq":
        for count in (0, 1, 2, 31, 32, 33, 100):
            lengths = [rng.randrange(301) for _ in range(count)]
            data, offsets, out = (
                exact(rng.randbytes(sum(lengths))),
                array(code, [0, *accumulate(lengths)]),
                room(32 * count),
            )
            kernel.leaf_hashes_var(data, offsets, offsets.itemsize, out, path=path)
            for wrong in (-1, 2**31 - 1, -(2**31)):
                offsets[-1] = wrong
                refuse(kernel.leaf_hashes_var, data, offsets, offsets.itemsize, out, path=path, unless=count == 0)


def check_lineage(path, rng):
    for counts in ([], [0], [1, 0, 3], [31, 32, 33], [100]):
        items, seeds = exact(rng.randbytes(81 * sum(counts))), exact(rng.randbytes(32 * len(counts)))
        offsets = array("i", [0, *accumulate(counts)])
        out, again = room(32 * len(counts)), room(32 * len(counts))
        kernel.lineage_digests(items, offsets, seeds, out, path=path)
        portable.lineage_digests(items, offsets, seeds, again)
        assert out == again
        for at in range(len(offsets)):
            for wrong in (-1, sum(counts) + 1, 2**31 - 1, -(2**31)):
                bad = offsets[:at] + array("i", [wrong]) + offsets[at + 1 :]
                refuse(kernel.lineage_digests, items, bad, seeds, out, path=path, unless=not counts)


def refuse(function, *args, unless=False, **kwargs):
    try:
        function(*args, **kwargs)
    except ValueError:
        return
    assert unless, (function, args)


def check_paths(path, rng):
    leaves, levels = rng.randbytes(32 * 70), []
    levels.append(exact(leaves))
    while len(levels[-1]) >= 64:
        pairs = levels[-1][: len(levels[-1]) // 64 * 64]
        levels.append(room(len(pairs) // 2))
        kernel.node_hashes(pairs, levels[-1], path=path)
    for size in range(1, 71):
        height = (size - 1).bit_length()
        least = [nodes[: 32 * (size >> level)] for level, nodes in enumerate(levels)][: max(height, 1)]
        edges = room(32 * (height + 1))
        kernel.right_edge(least, size, edges, path=path)
        prove_and_fold(path, rng, leaves=leaves, levels=least, size=size, edges=edges)


def prove_and_fold(path, rng, *, leaves, levels, size, edges):
    indices = array("Q", [rng.randrange(size) for _ in range(rng.choice([0, 1, 31, 32, 33, 70]))])
    offsets = array("i", bytes(4 * (len(indices) + 1)))
    nodes = room(32 * kernel.path_lengths(indices, size, offsets, path=path))
    gathered = {"levels": levels, "indices": indices, "size": size, "edges": edges, "out": nodes, "path": path}
    kernel.inclusion_paths(offsets=offsets, **gathered)
    rows = exact(b"".join(leaves[32 * index : 32 * index + 32] for index in indices))
    roots, status = room(32 * len(indices)), room(len(indices))
    outs = {"out_roots": roots, "out_status": status, "path": path}
    kernel.fold_paths(leaves=rows, indices=indices, sizes=size, nodes=nodes, offsets=offsets, **outs)
    assert roots.tobytes() == edges[-32:].tobytes() * len(indices)
    for at in {0, len(indices) // 2, len(indices)}:
        for wrong in (-1, 2**31 - 1, -(2**31)):
            bad = offsets[:at] + array("i", [wrong]) + offsets[at + 1 :]
            some = bool(len(indices))
            refuse(kernel.inclusion_paths, offsets=bad, **gathered, unless=not some)
            refuse(
                kernel.fold_paths,
                leaves=rows,
                indices=indices,
                sizes=size,
                nodes=nodes,
                offsets=bad,
                **outs,
                unless=not some,
            )
    for index in (size, 2**63, 2**64 - 1):
        beyond = array("Q", [index] * len(indices))
        refuse(kernel.path_lengths, beyond, size, offsets, path=path, unless=not len(indices))
        refuse(kernel.inclusion_paths, offsets=offsets, **(gathered | {"indices": beyond}), unless=not len(indices))
        for sizes in (size, array("Q", [2**64 - 1] * len(indices))):
            kernel.fold_paths(leaves=rows, indices=beyond, sizes=sizes, nodes=nodes, offsets=offsets, **outs)


if __name__ == "__main__":
    use(sys.argv[1])
    for chosen in kernel.available_paths():
        source = random.Random(chosen)
        check_hashes(chosen, source)
        check_offsets(chosen, source)
        check_lineage(chosen, source)
        check_paths(chosen, source)
    print("checked", *kernel.available_paths())  # noqa: T201  what the test waits for
