/* Lineage digests (SPEC 4.4): of each entry, what its seed and its packed items hash to.
 *
 * The items of an entry are hashed side by side, as many as there are lanes; their tree is folded as they come.
 */
#include "tree.h"

enum { LANES = 32, LABEL_SIZE = 25, SALT_SIZE = 16, KEY_BLOCK = BLOCK_SIZE };

static const uint8_t label[LABEL_SIZE + 1] = "coilmark/lineage-salt/v1\n"; /* and the zero that ends a C string */

typedef struct {
    uint32_t states[LANES][STATE_WORDS];
    uint8_t blocks[LANES][BLOCK_SIZE];
} lanes;

/* FIPS 180-4 5.1.1: a last block with `used` bytes of the message in it, which has `total` bytes in all. */
static ALWAYS_INLINE void end_block(uint8_t block[BLOCK_SIZE], size_t used, size_t total)
{
    memset(block + used, 0, BLOCK_SIZE - used);
    block[used] = 0x80;
    write_word(block + 60, (uint32_t)(8 * total));
}

static void compress(const sha256_path *path, lanes *l, size_t count)
{
    path->blocks(l->states, (const uint8_t(*)[BLOCK_SIZE])l->blocks, count);
}

static ALWAYS_INLINE void write_state(uint8_t *out, const uint32_t state[STATE_WORDS], unsigned words)
{
    for (unsigned i = 0; i < words; i++)
        write_word(out + 4 * i, state[i]);
}

/* HMAC (RFC 2104 2): the states after the key blocks, inner and outer. They are the same for all items of an entry. */
static void take_seed(const sha256_path *path, const uint8_t *seed, uint32_t keyed[2][STATE_WORDS])
{
    lanes l;
    for (unsigned i = 0; i < 2; i++) {
        uint8_t pad = i ? 0x5c : 0x36;
        memset(l.blocks[i], pad, KEY_BLOCK);
        for (unsigned at = 0; at < HASH_SIZE; at++)
            l.blocks[i][at] ^= seed[at];
        memcpy(l.states[i], sha256_h0, sizeof sha256_h0);
    }
    compress(path, &l, 2);
    memcpy(keyed, l.states, 2 * sizeof l.states[0]);
}

/* The states of HMAC-SHA-256(seed, label ‖ subject key) of some items of one entry. */
static void salts(const sha256_path *path, lanes *l, uint32_t keyed[2][STATE_WORDS], const uint8_t *items, size_t count)
{
    const size_t message = LABEL_SIZE + HASH_SIZE; /* leaves no room for its length in its block */
    for (size_t i = 0; i < count; i++) {
        memcpy(l->states[i], keyed[0], sizeof keyed[0]);
        memset(l->blocks[i], 0, BLOCK_SIZE);
        memcpy(l->blocks[i], label, LABEL_SIZE);
        memcpy(l->blocks[i] + LABEL_SIZE, items + ITEM_SIZE * i + 1, HASH_SIZE); /* behind the role */
        l->blocks[i][message] = 0x80;
    }
    compress(path, l, count);
    for (size_t i = 0; i < count; i++) {
        memset(l->blocks[i], 0, BLOCK_SIZE);
        write_word(l->blocks[i] + 60, (uint32_t)(8 * (KEY_BLOCK + message)));
    }
    compress(path, l, count);
    for (size_t i = 0; i < count; i++) {
        write_state(l->blocks[i], l->states[i], STATE_WORDS);
        end_block(l->blocks[i], HASH_SIZE, KEY_BLOCK + HASH_SIZE);
        memcpy(l->states[i], keyed[1], sizeof keyed[1]);
    }
    compress(path, l, count);
}

/* From the states of their salts to the states of the item hashes: SHA-256(0x00 ‖ salt ‖ item). */
static void hash_items(const sha256_path *path, lanes *l, const uint8_t *items, size_t count)
{
    const size_t first = BLOCK_SIZE - 1 - SALT_SIZE; /* bytes of the item that the first block has room for */
    for (size_t i = 0; i < count; i++) {
        l->blocks[i][0] = 0x00;
        write_state(l->blocks[i] + 1, l->states[i], SALT_SIZE / 4);
        memcpy(l->blocks[i] + 1 + SALT_SIZE, items + ITEM_SIZE * i, first);
        memcpy(l->states[i], sha256_h0, sizeof sha256_h0);
    }
    compress(path, l, count);
    for (size_t i = 0; i < count; i++) {
        memcpy(l->blocks[i], items + ITEM_SIZE * i + first, ITEM_SIZE - first);
        end_block(l->blocks[i], ITEM_SIZE - first, 1 + SALT_SIZE + ITEM_SIZE);
    }
    compress(path, l, count);
}

/* The roots of the full subtrees so far, the largest first: one for each bit of how many leaves there are. */
typedef struct {
    uint8_t nodes[MOST_LEVELS][HASH_SIZE];
    size_t depth;
} edge;

static ALWAYS_INLINE void join_last(const sha256_path *path, edge *e)
{
    e->depth--;
    path->nodes(e->nodes[e->depth - 1], e->nodes[e->depth - 1], 1);
}

/* One more leaf, the one at `index`: it completes a subtree for each trailing one bit of its index. */
static void grow(const sha256_path *path, edge *e, const uint32_t state[STATE_WORDS], size_t index)
{
    write_state(e->nodes[e->depth++], state, STATE_WORDS);
    for (; index & 1; index >>= 1)
        join_last(path, e);
}

/* SHA-256(0x02 ‖ u32 count ‖ root). */
static void finish(const sha256_path *path, edge *e, size_t count, uint8_t *out)
{
    lanes l;
    while (e->depth > 1)
        join_last(path, e);
    if (!count) { /* RFC 6962 2.1: the root of no leaves is the hash of nothing */
        memcpy(l.states[0], sha256_h0, sizeof sha256_h0);
        end_block(l.blocks[0], 0, 0);
        compress(path, &l, 1);
        write_state(e->nodes[0], l.states[0], STATE_WORDS);
    }
    l.blocks[0][0] = 0x02;
    write_word(l.blocks[0] + 1, (uint32_t)count);
    memcpy(l.blocks[0] + 5, e->nodes[0], HASH_SIZE);
    end_block(l.blocks[0], 5 + HASH_SIZE, 5 + HASH_SIZE);
    memcpy(l.states[0], sha256_h0, sizeof sha256_h0);
    compress(path, &l, 1);
    write_state(out, l.states[0], STATE_WORDS);
}

static void digest(const sha256_path *path, const uint8_t *seed, const uint8_t *items, size_t count, uint8_t *out)
{
    uint32_t keyed[2][STATE_WORDS];
    edge e = {.depth = 0};
    lanes l;
    take_seed(path, seed, keyed);
    for (size_t at = 0; at < count; at += LANES) {
        size_t some = count - at < LANES ? count - at : LANES;
        salts(path, &l, keyed, items + ITEM_SIZE * at, some);
        hash_items(path, &l, items + ITEM_SIZE * at, some);
        for (size_t i = 0; i < some; i++)
            grow(path, &e, l.states[i], at + i);
    }
    finish(path, &e, count, out);
}

fault lineage_digests(const sha256_path *path, const lineages *given, uint8_t *out)
{
    for (size_t row = 0; row < given->count; row++) {
        int64_t start = read_i32(given->offsets, row), end = read_i32(given->offsets, row + 1);
        if (start < 0 || (uint64_t)start > given->items_count)
            return (fault){BAD_OFFSET, row, start, 0, (int64_t)given->items_count};
        if (end < start || (uint64_t)end > given->items_count)
            return (fault){BAD_OFFSET, row + 1, end, start, (int64_t)given->items_count};
        digest(path, given->seeds + HASH_SIZE * row, given->items + ITEM_SIZE * (size_t)start, (size_t)(end - start),
               out + HASH_SIZE * row);
    }
    return no_fault;
}
