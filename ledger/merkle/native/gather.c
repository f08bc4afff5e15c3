/* What the prover does: measure and gather inclusion paths (RFC 9162 2.1.3.1). Memory bounds it, not hashing. */
#include "tree.h"

/* A path's nodes lie on as many cache lines far apart; those of the rows to come are asked for in good time. The levels
 * above hold so few nodes that they stay in the cache. */
enum { ROWS_AHEAD = 8, CACHED_NODES = 1 << 13 };

void right_edge(const sha256_path *path, const uint8_t *const levels[], uint64_t size, uint8_t *out)
{
    uint8_t pair[PAIR_SIZE];
    uint64_t last = size - 1;
    memcpy(out, levels[0] + HASH_SIZE * last, HASH_SIZE);
    for (unsigned level = 0; last; level++, last >>= 1, out += HASH_SIZE) {
        if (!(last & 1)) { /* no sibling: it moves up unchanged */
            memcpy(out + HASH_SIZE, out, HASH_SIZE);
            continue;
        }
        memcpy(pair, levels[level] + HASH_SIZE * (last - 1), HASH_SIZE);
        memcpy(pair + HASH_SIZE, out, HASH_SIZE);
        path->nodes(pair, out + HASH_SIZE, 1);
    }
}

/* Below the fork from the last leaf's path there is a sibling at each level. */
static ALWAYS_INLINE unsigned levels_to_fork(uint64_t index, uint64_t size) { return bit_length(index ^ (size - 1)); }

/* Above it this is the tree's right edge, where only left siblings are: one for each bit set. */
static ALWAYS_INLINE uint64_t above_fork(uint64_t index, unsigned fork) { return fork < 64 ? index >> fork : 0; }

static ALWAYS_INLINE unsigned path_length(uint64_t index, uint64_t size)
{
    unsigned fork = levels_to_fork(index, size);
    return fork + (unsigned)__builtin_popcountll(above_fork(index, fork));
}

fault path_lengths(const uint8_t *indices, size_t count, uint64_t size, uint8_t *offsets, int32_t *total)
{
    int64_t sum = 0;
    memset(offsets, 0, 4);
    for (size_t row = 0; row < count; row++) {
        uint64_t index = read_u64(indices, row);
        if (index >= size)
            return (fault){NO_SUCH_LEAF, row, (int64_t)index, 0, (int64_t)size};
        sum += path_length(index, size);
        if (sum > INT32_MAX)
            return (fault){TOO_MANY_HASHES, row, sum, 0, INT32_MAX};
        int32_t end = (int32_t)sum;
        memcpy(offsets + 4 * (row + 1), &end, sizeof end);
    }
    *total = (int32_t)sum;
    return no_fault;
}

static ALWAYS_INLINE const uint8_t *node(const gathering *wanted, unsigned level, uint64_t at)
{
    return wanted->levels[level] + HASH_SIZE * at;
}

static ALWAYS_INLINE void ask_ahead(const gathering *wanted, size_t row, unsigned deep_levels)
{
    if (row >= wanted->count)
        return;
    uint64_t index = read_u64(wanted->indices, row);
    if (index >= wanted->size)
        return;
    for (unsigned level = 0; level < deep_levels; level++)
        __builtin_prefetch(node(wanted, level, (index >> level ^ 1) & ~UINT64_C(1)));
}

static ALWAYS_INLINE uint8_t *put(uint8_t *out, const uint8_t *hash)
{
    memcpy(out, hash, HASH_SIZE);
    return out + HASH_SIZE;
}

static ALWAYS_INLINE void gather(const gathering *wanted, uint64_t index, uint8_t *out)
{
    unsigned fork = levels_to_fork(index, wanted->size), level = 0;
    for (; level + 1 < fork; level++)
        out = put(out, node(wanted, level, index >> level ^ 1));
    if (fork) { /* the sibling is the level's last node, which may not be complete at this size */
        uint64_t sibling = index >> level ^ 1;
        int complete = sibling < wanted->size >> level;
        out = put(out, complete ? node(wanted, level, sibling) : wanted->edges + HASH_SIZE * level);
    }
    uint64_t above = above_fork(index, fork);
    for (level = fork; above; level++, above >>= 1)
        if (above & 1)
            out = put(out, node(wanted, level, above ^ 1));
}

/* The place of a row, as far as offsets leave it the hashes that its path has. */
static ALWAYS_INLINE fault check_row(const gathering *wanted, size_t row, uint64_t index, int32_t *start)
{
    if (index >= wanted->size)
        return (fault){NO_SUCH_LEAF, row, (int64_t)index, 0, (int64_t)wanted->size};
    int64_t begin = read_i32(wanted->offsets, row), end = read_i32(wanted->offsets, row + 1);
    if (begin < 0 || (uint64_t)begin > wanted->hashes)
        return (fault){BAD_OFFSET, row, begin, 0, (int64_t)wanted->hashes};
    if (end < begin || (uint64_t)end > wanted->hashes)
        return (fault){BAD_OFFSET, row + 1, end, begin, (int64_t)wanted->hashes};
    int64_t length = path_length(index, wanted->size);
    if (end - begin != length)
        return (fault){OTHER_COUNT, row, end - begin, 0, length};
    *start = (int32_t)begin;
    return no_fault;
}

fault inclusion_paths(const gathering *wanted, uint8_t *out)
{
    unsigned deep_levels = bit_length((wanted->size - 1) / CACHED_NODES);
    for (size_t row = 0; row < wanted->count; row++) {
        int32_t start;
        uint64_t index = read_u64(wanted->indices, row);
        ask_ahead(wanted, row + ROWS_AHEAD, deep_levels);
        fault wrong = check_row(wanted, row, index, &start);
        if (wrong.kind != NOTHING_WRONG)
            return wrong;
        gather(wanted, index, out + HASH_SIZE * (size_t)start);
    }
    return no_fault;
}
