/* Buffers held and let go, lengths and sizes checked. The words of a refusal are those of ledger/merkle/portable.py. */
#include "arguments.h"

PyObject *let_go(held *h, PyObject *result)
{
    while (h->count)
        PyBuffer_Release(&h->views[--h->count]);
    return result;
}

/* Why a buffer was not given as it was asked for: only reading it, and of any layout, may well go. */
static void say_why(PyObject *object, const char *name)
{
    Py_buffer any;
    PyErr_Clear();
    if (PyObject_GetBuffer(object, &any, PyBUF_FULL_RO) < 0)
        return;
    int contiguous = PyBuffer_IsContiguous(&any, 'C');
    PyErr_Format(PyExc_ValueError, "%s is %s", name, contiguous ? "read-only" : "not contiguous");
    PyBuffer_Release(&any);
}

/* Null with an exception set when the object has no such buffer. */
static Py_buffer *hold(held *h, PyObject *object, const char *name, int flags)
{
    static uint8_t nothing; /* an empty buffer may have no address; ours always have one */
    Py_buffer *view = &h->views[h->count];
    if (!PyObject_CheckBuffer(object))
        return PyErr_Format(PyExc_TypeError, "%s is no buffer but %.99s", name, Py_TYPE(object)->tp_name), NULL;
    if (PyObject_GetBuffer(object, view, flags) < 0)
        return say_why(object, name), NULL;
    h->count++;
    if (!view->buf)
        view->buf = &nothing;
    return view;
}

Py_buffer *hold_input(held *h, PyObject *object, const char *name)
{
    return hold(h, object, name, PyBUF_SIMPLE);
}

Py_buffer *hold_output(held *h, PyObject *object, const char *name)
{
    return hold(h, object, name, PyBUF_WRITABLE);
}

int whole(const Py_buffer *view, const char *name, size_t width, size_t *count)
{
    *count = (size_t)view->len / width;
    if ((size_t)view->len % width == 0)
        return 1;
    PyErr_Format(PyExc_ValueError, "%s has %zd bytes, no whole number of %zu", name, view->len, width);
    return 0;
}

int exactly(const Py_buffer *view, const char *name, size_t count, size_t width)
{
    if ((size_t)view->len / width == count && (size_t)view->len % width == 0)
        return 1;
    PyErr_Format(PyExc_ValueError, "%s has %zd bytes, want %zu", name, view->len, count * width);
    return 0;
}

static int apart(const Py_buffer *out, const Py_buffer *in)
{
    uintptr_t a = (uintptr_t)out->buf, b = (uintptr_t)in->buf;
    if (!out->len || !in->len || a + (size_t)out->len <= b || b + (size_t)in->len <= a)
        return 1;
    PyErr_SetString(PyExc_ValueError, "an output overlaps another buffer");
    return 0;
}

int all_apart(const held *h, size_t first_output)
{
    for (size_t out = first_output; out < h->count; out++)
        for (size_t other = 0; other < out; other++)
            if (!apart(&h->views[out], &h->views[other]))
                return 0;
    return 1;
}

int tree_size(PyObject *number, uint64_t *size)
{
    if (!PyLong_Check(number)) {
        PyErr_Format(PyExc_TypeError, "a size is an int, not %.99s", Py_TYPE(number)->tp_name);
        return 0;
    }
    *size = PyLong_AsUnsignedLongLong(number);
    if (!PyErr_Occurred() && *size >= 1 && *size <= LARGEST_SIZE)
        return 1;
    PyErr_Clear(); /* negative or beyond 64 bits */
    PyErr_Format(PyExc_ValueError, "a tree of %S leaves has no paths", number);
    return 0;
}

int arguments(Py_ssize_t given, Py_ssize_t wanted)
{
    if (given == wanted)
        return 1;
    PyErr_Format(PyExc_TypeError, "%zd arguments were given, want %zd", given, wanted);
    return 0;
}

static int hold_level(held *h, PyObject *object, unsigned level, uint64_t size, const uint8_t **nodes)
{
    char name[16];
    PyOS_snprintf(name, sizeof name, "level %u", level);
    const Py_buffer *view = hold_input(h, object, name);
    if (!view)
        return 0;
    uint64_t have = (size_t)view->len / HASH_SIZE, want = size >> level;
    *nodes = view->buf;
    if (have >= want)
        return 1;
    PyErr_Format(PyExc_ValueError, "level %u has %llu nodes, a tree of %llu leaves needs %llu", level,
                 (unsigned long long)have, (unsigned long long)size, (unsigned long long)want);
    return 0;
}

int hold_levels(held *h, PyObject *sequence, unsigned wanted, uint64_t size, const uint8_t *levels[MOST_LEVELS])
{
    PyObject *given = PySequence_Tuple(sequence);
    if (!given)
        return 0;
    int well = PyTuple_GET_SIZE(given) >= (Py_ssize_t)wanted;
    if (!well)
        PyErr_Format(PyExc_ValueError, "%zd levels were given, a tree of %llu leaves needs %u", PyTuple_GET_SIZE(given),
                     (unsigned long long)size, wanted);
    for (unsigned level = 0; well && level < wanted; level++)
        well = hold_level(h, PyTuple_GET_ITEM(given, level), level, size, &levels[level]);
    Py_DECREF(given); /* the buffers keep their owners alive */
    return well;
}

PyObject *answer(fault found)
{
    switch (found.kind) {
    case NOTHING_WRONG:
        Py_RETURN_NONE;
    case BAD_OFFSET:
        return PyErr_Format(PyExc_ValueError, "offset %zu is %lld, want %lld to %lld", found.row,
                            (long long)found.have, (long long)found.low, (long long)found.high);
    case NO_SUCH_LEAF:
        return PyErr_Format(PyExc_ValueError, "row %zu: there is no leaf %llu in a tree of %lld", found.row,
                            (unsigned long long)found.have, (long long)found.high);
    case TOO_MANY_HASHES:
        return PyErr_Format(PyExc_ValueError, "the paths up to row %zu are %lld hashes, 32-bit offsets end at %lld",
                            found.row, (long long)found.have, (long long)found.high);
    case OTHER_COUNT:
        return PyErr_Format(PyExc_ValueError, "row %zu: the offsets leave %lld hashes, the path has %lld", found.row,
                            (long long)found.have, (long long)found.high);
    }
    Py_UNREACHABLE();
}
