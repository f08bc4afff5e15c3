/* What the functions of _kernel.c are given by Python: buffers held and let go, lengths and sizes checked.
 *
 * What can fail answers with null or 0 and has set an exception.
 */
#ifndef COILMARK_ARGUMENTS_H
#define COILMARK_ARGUMENTS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "tree.h"

enum { MOST_BUFFERS = MOST_LEVELS + 4 };

/* The buffers of one call. */
typedef struct {
    Py_buffer views[MOST_BUFFERS];
    size_t count;
} held;

int arguments(Py_ssize_t given, Py_ssize_t wanted);

Py_buffer *hold_input(held *h, PyObject *object, const char *name);
Py_buffer *hold_output(held *h, PyObject *object, const char *name);

/* The first `wanted` levels of a sequence, each with at least the complete nodes that a tree of `size` has there. */
int hold_levels(held *h, PyObject *sequence, unsigned wanted, uint64_t size, const uint8_t *levels[MOST_LEVELS]);

/* The one way out of a call that holds buffers: answers with `result`. */
PyObject *let_go(held *h, PyObject *result);

/* `count` of `width` bytes fill the buffer: found out, or compared. */
int whole(const Py_buffer *view, const char *name, size_t width, size_t *count);
int exactly(const Py_buffer *view, const char *name, size_t count, size_t width);

/* The buffers from `first_output` on are outputs: each is apart from every other. */
int all_apart(const held *h, size_t first_output);

int tree_size(PyObject *number, uint64_t *size);

/* None, or the exception for what a function of tree.h found. */
PyObject *answer(fault found);

#endif
