/* What is done with a tree's nodes, on plain memory: no Python here, and no allocation.
 *
 * Buffers need no alignment. Who calls has compared the lengths of buffers with the counts given here; offsets and
 * indices, which lie in buffers themselves, are checked here at each use, for another thread may be writing to them.
 */
#ifndef COILMARK_TREE_H
#define COILMARK_TREE_H

#include "sha256.h"

enum { MOST_LEVELS = 64 };
#define LARGEST_SIZE (UINT64_MAX >> 1) /* SPEC 8: a path of 63 hashes reaches every leaf */

typedef enum { NOTHING_WRONG, BAD_OFFSET, NO_SUCH_LEAF, TOO_MANY_HASHES, OTHER_COUNT } fault_kind;

/* The first thing that was wrong, in numbers: which row (or offset), what stands there and what should. */
typedef struct {
    fault_kind kind;
    size_t row;
    int64_t have, low, high;
} fault;

static const fault no_fault = {NOTHING_WRONG, 0, 0, 0, 0};

/* Values one after the other: each `width` bytes, or bounded by offsets of `offset_width` bytes when that is not 0. */
typedef struct {
    const uint8_t *data;
    size_t length, count, width;
    const uint8_t *offsets;
    unsigned offset_width;
} values;

fault leaf_hashes(const sha256_path *path, const values *given, uint8_t *out);

enum { ITEM_SIZE = 81 }; /* SPEC 4.4: role, subject key, version, index, leaf */

/* Entries with their lineage: a seed of 32 bytes each, and items that offsets (i32, counted in items) bound. */
typedef struct {
    const uint8_t *items, *offsets, *seeds;
    size_t count, items_count;
} lineages;

fault lineage_digests(const sha256_path *path, const lineages *given, uint8_t *out);

/* The last node of each level of the tree of `size`; `levels` holds the complete nodes of as many as there are below
 * the root, `out` one hash more. */
void right_edge(const sha256_path *path, const uint8_t *const levels[], uint64_t size, uint8_t *out);

fault path_lengths(const uint8_t *indices, size_t count, uint64_t size, uint8_t *offsets, int32_t *total);

/* `hashes` is how many `out` holds. */
typedef struct {
    const uint8_t *const *levels;
    const uint8_t *edges, *indices, *offsets;
    uint64_t size;
    size_t count, hashes;
} gathering;

fault inclusion_paths(const gathering *wanted, uint8_t *out);

/* `sizes` is null when `size` is that of all rows; `hashes` is how many `nodes` holds. */
typedef struct {
    const uint8_t *leaves, *indices, *sizes, *nodes, *offsets;
    uint64_t size;
    size_t count, hashes;
} folding;

enum { FOLDED = 0, NO_LEAF = 1, WRONG_COUNT = 2 };

fault fold_paths(const sha256_path *path, const folding *given, uint8_t *out_roots, uint8_t *out_status);

static ALWAYS_INLINE uint64_t read_u64(const uint8_t *numbers, size_t at)
{
    uint64_t number;
    memcpy(&number, numbers + 8 * at, sizeof number);
    return number;
}

static ALWAYS_INLINE int32_t read_i32(const uint8_t *numbers, size_t at)
{
    int32_t number;
    memcpy(&number, numbers + 4 * at, sizeof number);
    return number;
}

/* How many bits `x` has without its leading zeros. */
static ALWAYS_INLINE unsigned bit_length(uint64_t x) { return x ? 64 - (unsigned)__builtin_clzll(x) : 0; }

#endif
