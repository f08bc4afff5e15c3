/* The Python side of the hash kernel: takes buffers, checks their lengths, releases the GIL, gives the buffers back.
 *
 * ledger/merkle/kernel.py says what each function takes and refuses; ledger/merkle/portable.py refuses in the same
 * words.
 */
#include "native/arguments.h"

/* Found out once, when the module is loaded. */
static const sha256_path *usable[MOST_PATHS];
static size_t usable_count;

static const sha256_path *chosen(PyObject *name)
{
    if (name == Py_None)
        return usable[0];
    for (size_t i = 0; i < usable_count; i++)
        if (PyUnicode_Check(name) && PyUnicode_CompareWithASCIIString(name, usable[i]->name) == 0)
            return usable[i];
    return PyErr_Format(PyExc_ValueError, "there is no path %R here", name), NULL;
}

/* Hashing */

static PyObject *hash_leaves(const sha256_path *path, const values *given, uint8_t *out)
{
    fault found;
    Py_BEGIN_ALLOW_THREADS
    found = leaf_hashes(path, given, out);
    Py_END_ALLOW_THREADS
    return answer(found);
}

static PyObject *leaf_hashes_fixed(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    held h = {.count = 0};
    const sha256_path *path;
    const Py_buffer *data, *out;
    if (!arguments(count, 4) || !(path = chosen(args[3])))
        return NULL;
    Py_ssize_t width = PyLong_AsSsize_t(args[1]);
    if (width == -1 && PyErr_Occurred() && !PyErr_ExceptionMatches(PyExc_OverflowError))
        return NULL;
    PyErr_Clear();
    if (width < 1)
        return PyErr_Format(PyExc_ValueError, "values of %S bytes cannot be told apart", args[1]);
    if (!(data = hold_input(&h, args[0], "data")) || !(out = hold_output(&h, args[2], "out")))
        return let_go(&h, NULL);
    values given = {.data = data->buf, .length = (size_t)data->len, .width = (size_t)width};
    if (!whole(data, "data", given.width, &given.count) || !exactly(out, "out", given.count, HASH_SIZE) ||
        !all_apart(&h, 1))
        return let_go(&h, NULL);
    return let_go(&h, hash_leaves(path, &given, out->buf));
}

static PyObject *leaf_hashes_var(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    held h = {.count = 0};
    const sha256_path *path;
    const Py_buffer *data, *offsets, *out;
    size_t bounds;
    if (!arguments(count, 5) || !(path = chosen(args[4])))
        return NULL;
    long width = PyLong_AsLong(args[2]);
    if (width == -1 && PyErr_Occurred())
        return NULL;
    if (width != 4 && width != 8)
        return PyErr_Format(PyExc_ValueError, "offsets have 4 or 8 bytes, not %ld", width);
    if (!(data = hold_input(&h, args[0], "data")) || !(offsets = hold_input(&h, args[1], "offsets")) ||
        !(out = hold_output(&h, args[3], "out")) || !whole(offsets, "offsets", (size_t)width, &bounds))
        return let_go(&h, NULL);
    values given = {.data = data->buf, .length = (size_t)data->len, .count = bounds ? bounds - 1 : 0,
                    .offsets = offsets->buf, .offset_width = (unsigned)width};
    if (!exactly(out, "out", given.count, HASH_SIZE) || !all_apart(&h, 2))
        return let_go(&h, NULL);
    return let_go(&h, hash_leaves(path, &given, out->buf));
}

static PyObject *node_hashes(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    held h = {.count = 0};
    const sha256_path *path;
    const Py_buffer *children, *out;
    size_t pairs;
    if (!arguments(count, 3) || !(path = chosen(args[2])))
        return NULL;
    if (!(children = hold_input(&h, args[0], "children")) || !(out = hold_output(&h, args[1], "out")) ||
        !whole(children, "children", PAIR_SIZE, &pairs) || !exactly(out, "out", pairs, HASH_SIZE) ||
        (out->buf != children->buf && !all_apart(&h, 1)))
        return let_go(&h, NULL);
    Py_BEGIN_ALLOW_THREADS
    path->nodes(children->buf, out->buf, pairs);
    Py_END_ALLOW_THREADS
    return let_go(&h, answer(no_fault));
}

/* Fewer are hashed in less time than it takes to get the interpreter back from a thread that took it meanwhile. */
#define FEW_ITEMS 64

static PyObject *digests_of(const sha256_path *path, const lineages *given, uint8_t *out)
{
    PyThreadState *state = given->items_count < FEW_ITEMS ? NULL : PyEval_SaveThread();
    fault found = lineage_digests(path, given, out);
    if (state)
        PyEval_RestoreThread(state);
    return answer(found);
}

static PyObject *lineages_hashed(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    held h = {.count = 0};
    const sha256_path *path;
    const Py_buffer *items, *offsets, *seeds, *out;
    lineages given;
    if (!arguments(count, 5) || !(path = chosen(args[4])))
        return NULL;
    if (!(items = hold_input(&h, args[0], "items")) || !(offsets = hold_input(&h, args[1], "offsets")) ||
        !(seeds = hold_input(&h, args[2], "seeds")) || !(out = hold_output(&h, args[3], "out")) ||
        !whole(items, "items", ITEM_SIZE, &given.items_count) || !whole(seeds, "seeds", HASH_SIZE, &given.count) ||
        !exactly(offsets, "offsets", given.count + 1, 4) || !exactly(out, "out", given.count, HASH_SIZE) ||
        !all_apart(&h, 3))
        return let_go(&h, NULL);
    given.items = items->buf;
    given.offsets = offsets->buf;
    given.seeds = seeds->buf;
    return let_go(&h, digests_of(path, &given, out->buf));
}

/* Proving */

static PyObject *edge(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    held h = {.count = 0};
    const uint8_t *levels[MOST_LEVELS];
    const sha256_path *path;
    const Py_buffer *out;
    uint64_t size;
    if (!arguments(count, 4) || !(path = chosen(args[3])) || !tree_size(args[1], &size))
        return NULL;
    unsigned height = bit_length(size - 1), wanted = height ? height : 1;
    if (!hold_levels(&h, args[0], wanted, size, levels) || !(out = hold_output(&h, args[2], "out")) ||
        !exactly(out, "out", (size_t)height + 1, HASH_SIZE) || !all_apart(&h, wanted))
        return let_go(&h, NULL);
    Py_BEGIN_ALLOW_THREADS
    right_edge(path, levels, size, out->buf);
    Py_END_ALLOW_THREADS
    return let_go(&h, answer(no_fault));
}

static PyObject *lengths(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    held h = {.count = 0};
    const Py_buffer *indices, *offsets;
    uint64_t size;
    size_t rows;
    int32_t total = 0;
    fault found;
    if (!arguments(count, 3) || !tree_size(args[1], &size))
        return NULL;
    if (!(indices = hold_input(&h, args[0], "indices")) || !(offsets = hold_output(&h, args[2], "offsets")) ||
        !whole(indices, "indices", 8, &rows) || !exactly(offsets, "offsets", rows + 1, 4) || !all_apart(&h, 1))
        return let_go(&h, NULL);
    Py_BEGIN_ALLOW_THREADS
    found = path_lengths(indices->buf, rows, size, offsets->buf, &total);
    Py_END_ALLOW_THREADS
    return let_go(&h, found.kind == NOTHING_WRONG ? PyLong_FromLong(total) : answer(found));
}

static PyObject *paths_of(const gathering *wanted, uint8_t *out)
{
    fault found;
    Py_BEGIN_ALLOW_THREADS
    found = inclusion_paths(wanted, out);
    Py_END_ALLOW_THREADS
    return answer(found);
}

static PyObject *gather_paths(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    held h = {.count = 0};
    const uint8_t *levels[MOST_LEVELS];
    const Py_buffer *indices, *edges, *offsets, *out;
    uint64_t size;
    size_t rows;
    if (!arguments(count, 6) || !tree_size(args[2], &size))
        return NULL;
    unsigned height = bit_length(size - 1);
    if (!hold_levels(&h, args[0], height, size, levels) || !(indices = hold_input(&h, args[1], "indices")) ||
        !(edges = hold_input(&h, args[3], "edges")) || !(offsets = hold_input(&h, args[4], "offsets")) ||
        !(out = hold_output(&h, args[5], "out")) || !whole(indices, "indices", 8, &rows) ||
        !exactly(offsets, "offsets", rows + 1, 4) || !all_apart(&h, (size_t)height + 3))
        return let_go(&h, NULL);
    if ((size_t)edges->len / HASH_SIZE < height)
        return let_go(&h, PyErr_Format(PyExc_ValueError, "edges has %zd bytes, want at least %u", edges->len,
                                       HASH_SIZE * height));
    gathering wanted = {levels, edges->buf, indices->buf, offsets->buf, size, rows, (size_t)out->len / HASH_SIZE};
    return let_go(&h, paths_of(&wanted, out->buf));
}

/* Verifying */

/* One size for all rows, or a buffer with one for each. */
static int hold_sizes(held *h, PyObject *sizes, folding *given)
{
    const Py_buffer *each;
    if (PyLong_Check(sizes))
        return tree_size(sizes, &given->size);
    if (!(each = hold_input(h, sizes, "sizes")) || !exactly(each, "sizes", given->count, 8))
        return 0;
    given->sizes = each->buf;
    return 1;
}

static int hold_paths(held *h, PyObject *const *args, folding *given)
{
    const Py_buffer *leaves, *indices, *nodes, *offsets;
    if (!(leaves = hold_input(h, args[0], "leaves")) || !(indices = hold_input(h, args[1], "indices")) ||
        !(nodes = hold_input(h, args[3], "nodes")) || !(offsets = hold_input(h, args[4], "offsets")) ||
        !whole(indices, "indices", 8, &given->count) || !hold_sizes(h, args[2], given) ||
        !exactly(leaves, "leaves", given->count, HASH_SIZE) || !exactly(offsets, "offsets", given->count + 1, 4) ||
        !whole(nodes, "nodes", HASH_SIZE, &given->hashes))
        return 0;
    given->leaves = leaves->buf;
    given->indices = indices->buf;
    given->nodes = nodes->buf;
    given->offsets = offsets->buf;
    return 1;
}

static PyObject *fold(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    held h = {.count = 0};
    folding given = {.sizes = NULL};
    const sha256_path *path;
    const Py_buffer *roots, *status;
    fault found;
    if (!arguments(count, 8) || !(path = chosen(args[7])))
        return NULL;
    if (!hold_paths(&h, args, &given))
        return let_go(&h, NULL);
    size_t inputs = h.count;
    if (!(roots = hold_output(&h, args[5], "out_roots")) || !(status = hold_output(&h, args[6], "out_status")) ||
        !exactly(roots, "out_roots", given.count, HASH_SIZE) || !exactly(status, "out_status", given.count, 1) ||
        !all_apart(&h, inputs))
        return let_go(&h, NULL);
    Py_BEGIN_ALLOW_THREADS
    found = fold_paths(path, &given, roots->buf, status->buf);
    Py_END_ALLOW_THREADS
    return let_go(&h, answer(found));
}

/* Timing */

static PyObject *bare_rounds(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    const sha256_path *path;
    uint32_t unused;
    if (!arguments(count, 2) || !(path = chosen(args[1])))
        return NULL;
    Py_ssize_t compressions = PyLong_AsSsize_t(args[0]);
    if (compressions == -1 && PyErr_Occurred())
        return NULL;
    if (compressions < 0)
        return PyErr_Format(PyExc_ValueError, "there are no %zd compressions", compressions);
    Py_BEGIN_ALLOW_THREADS
    unused = path->bare_rounds((size_t)compressions);
    Py_END_ALLOW_THREADS
    return PyLong_FromUnsignedLong(unused);
}

/* The module */

static PyObject *path_names(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(none))
{
    PyObject *names = PyTuple_New((Py_ssize_t)usable_count);
    for (size_t i = 0; names && i < usable_count; i++) {
        PyObject *name = PyUnicode_FromString(usable[i]->name);
        if (!name)
            Py_CLEAR(names);
        else
            PyTuple_SET_ITEM(names, (Py_ssize_t)i, name);
    }
    return names;
}

#define METHOD(name, function) {name, (PyCFunction)(void (*)(void))(function), METH_FASTCALL, NULL}

static PyMethodDef methods[] = {
    {"paths", path_names, METH_NOARGS, NULL},
    METHOD("leaf_hashes_fixed", leaf_hashes_fixed),
    METHOD("leaf_hashes_var", leaf_hashes_var),
    METHOD("node_hashes", node_hashes),
    METHOD("lineage_digests", lineages_hashed),
    METHOD("right_edge", edge),
    METHOD("path_lengths", lengths),
    METHOD("inclusion_paths", gather_paths),
    METHOD("fold_paths", fold),
    METHOD("bare_rounds", bare_rounds),
    {NULL, NULL, 0, NULL},
};

static int load(PyObject *Py_UNUSED(module))
{
    usable_count = sha256_usable_paths(usable);
    return 0;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)load}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_kernel", .m_methods = methods, .m_slots = slots};

PyMODINIT_FUNC PyInit__kernel(void) { return PyModuleDef_Init(&definition); }
