/* What the verifier does: fold paths to roots (RFC 9162 2.1.3.2), many rows at once. Of the prover it shares the
 * compression and nothing else, so that a mistake there does not pass here.
 */
#include "tree.h"

enum { LANES = 32 };

/* A row on its way up: the hashes still to come, and for each a bit that says whether it stands on the left. */
typedef struct {
    const uint8_t *next;
    size_t row;
    uint64_t lefts;
    unsigned left_over;
} climber;

typedef struct {
    uint8_t pairs[LANES][PAIR_SIZE];
    uint8_t nodes[LANES][HASH_SIZE];
    climber climbers[LANES];
    size_t busy, next_row;
} work;

static ALWAYS_INLINE uint64_t low_bits(unsigned count) { return (UINT64_C(1) << count) - 1; }

/* 2.1.3.2 with its names fn and sn: as long as they differ there is a sibling at each level, on the side that fn's bit
 * says; then fn is the last node of its level, and each bit set in it means a sibling on the left. */
static ALWAYS_INLINE void plan(climber *c, uint64_t index, uint64_t size)
{
    uint64_t fn = index, sn = size - 1;
    unsigned both = bit_length(fn ^ sn); /* below 64: sizes end at 2^63 - 1 */
    unsigned alone = (unsigned)__builtin_popcountll(fn >> both);
    c->left_over = both + alone;
    c->lefts = (fn & low_bits(both)) | low_bits(alone) << both;
}

static ALWAYS_INLINE fault find_path(const folding *given, size_t row, int32_t *begin, int32_t *end)
{
    *begin = read_i32(given->offsets, row);
    *end = read_i32(given->offsets, row + 1);
    if (*begin < 0 || (size_t)*begin > given->hashes)
        return (fault){BAD_OFFSET, row, *begin, 0, (int64_t)given->hashes};
    if (*end < *begin || (size_t)*end > given->hashes)
        return (fault){BAD_OFFSET, row + 1, *end, *begin, (int64_t)given->hashes};
    return no_fault;
}

/* Hashes are counted before any is computed. */
static ALWAYS_INLINE int judge(const folding *given, climber *c, size_t count)
{
    uint64_t index = read_u64(given->indices, c->row);
    uint64_t size = given->sizes ? read_u64(given->sizes, c->row) : given->size;
    if (index >= size || size > LARGEST_SIZE)
        return NO_LEAF;
    plan(c, index, size);
    return c->left_over == count ? FOLDED : WRONG_COUNT;
}

static ALWAYS_INLINE void ask_for(const uint8_t *nodes, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += 64)
        __builtin_prefetch(nodes + at);
}

/* Take rows until one of them has something to hash, and put its leaf where its node will be. `found` is 0 when there
 * are no more. */
static ALWAYS_INLINE fault take_next(
    work *w, size_t at, const folding *given, uint8_t *out_roots, uint8_t *out_status, int *found)
{
    climber *c = &w->climbers[at];
    for (*found = 0; w->next_row < given->count;) {
        int32_t begin, end;
        c->row = w->next_row++;
        fault wrong = find_path(given, c->row, &begin, &end);
        if (wrong.kind != NOTHING_WRONG)
            return wrong;
        int status = judge(given, c, (size_t)(end - begin));
        out_status[c->row] = (uint8_t)status;
        const uint8_t *leaf = given->leaves + HASH_SIZE * c->row;
        if (status == FOLDED && c->left_over) {
            c->next = given->nodes + HASH_SIZE * (size_t)begin;
            ask_for(c->next, HASH_SIZE * (size_t)c->left_over);
            memcpy(w->nodes[at], leaf, HASH_SIZE);
            *found = 1;
            return no_fault;
        }
        if (status == FOLDED) /* a tree of one leaf: the leaf is the root */
            memcpy(out_roots + HASH_SIZE * c->row, leaf, HASH_SIZE);
        else
            memset(out_roots + HASH_SIZE * c->row, 0, HASH_SIZE);
    }
    return no_fault;
}

static ALWAYS_INLINE void pair_up(work *w, size_t at)
{
    climber *c = &w->climbers[at];
    size_t left = c->lefts & 1;
    memcpy(w->pairs[at] + HASH_SIZE * left, w->nodes[at], HASH_SIZE);
    memcpy(w->pairs[at] + HASH_SIZE * (1 - left), c->next, HASH_SIZE);
    c->next += HASH_SIZE;
    c->lefts >>= 1;
    c->left_over--;
}

/* The work of the last busy lane takes the place of one that is through when no more rows wait. */
static ALWAYS_INLINE void close_gap(work *w, size_t at)
{
    size_t last = --w->busy;
    w->climbers[at] = w->climbers[last];
    memmove(w->nodes[at], w->nodes[last], HASH_SIZE);
}

static fault start(work *w, const folding *given, uint8_t *out_roots, uint8_t *out_status)
{
    int found = 1;
    w->busy = w->next_row = 0;
    while (w->busy < LANES && found) {
        fault wrong = take_next(w, w->busy, given, out_roots, out_status, &found);
        if (wrong.kind != NOTHING_WRONG)
            return wrong;
        w->busy += (size_t)found;
    }
    return no_fault;
}

static fault advance(work *w, const folding *given, uint8_t *out_roots, uint8_t *out_status)
{
    int found;
    for (size_t at = w->busy; at-- > 0;) { /* from the end, so that what closes a gap has been advanced already */
        if (w->climbers[at].left_over)
            continue;
        memcpy(out_roots + HASH_SIZE * w->climbers[at].row, w->nodes[at], HASH_SIZE);
        fault wrong = take_next(w, at, given, out_roots, out_status, &found);
        if (wrong.kind != NOTHING_WRONG)
            return wrong;
        if (!found)
            close_gap(w, at);
    }
    return no_fault;
}

fault fold_paths(const sha256_path *path, const folding *given, uint8_t *out_roots, uint8_t *out_status)
{
    work w;
    fault wrong = start(&w, given, out_roots, out_status);
    while (wrong.kind == NOTHING_WRONG && w.busy) {
        for (size_t at = 0; at < w.busy; at++)
            pair_up(&w, at);
        path->nodes(w.pairs[0], w.nodes[0], w.busy);
        wrong = advance(&w, given, out_roots, out_status);
    }
    return wrong;
}
