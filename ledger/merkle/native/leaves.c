/* Leaf hashes (RFC 6962 2.1): SHA-256 of 0x00 and a value, many values at once.
 *
 * Each lane works on one value, block by block, and takes the next value when it is through; so values of any lengths
 * keep the lanes full.
 */
#include "tree.h"

enum { LANES = 32, BYTES_AHEAD = 8192 };

typedef struct {
    const uint8_t *value;
    size_t length, row, block, last_block;
} lane;

typedef struct {
    uint32_t states[LANES][STATE_WORDS];
    uint8_t blocks[LANES][BLOCK_SIZE];
    lane lanes[LANES];
    size_t busy, next_row;
} work;

static ALWAYS_INLINE int64_t offset_at(const values *given, size_t at)
{
    if (given->offset_width == 4)
        return read_i32(given->offsets, at);
    return (int64_t)read_u64(given->offsets, at);
}

static ALWAYS_INLINE fault check_offset(size_t row, int64_t have, int64_t low, size_t high)
{
    if (have >= low && (uint64_t)have <= high)
        return no_fault;
    return (fault){BAD_OFFSET, row, have, low, (int64_t)high};
}

static ALWAYS_INLINE fault find_value(const values *given, size_t row, const uint8_t **value, size_t *length)
{
    if (!given->offset_width) {
        *value = given->data + given->width * row;
        *length = given->width;
        return no_fault;
    }
    int64_t start = offset_at(given, row), end = offset_at(given, row + 1);
    fault wrong = check_offset(row, start, 0, given->length);
    if (wrong.kind == NOTHING_WRONG)
        wrong = check_offset(row + 1, end, start, given->length);
    if (wrong.kind == NOTHING_WRONG) {
        *value = given->data + start;
        *length = (size_t)(end - start);
    }
    return wrong;
}

/* Values stand one after the other, but lanes do not read them in that order, so the processor cannot foresee it. */
static ALWAYS_INLINE void ask_for(uintptr_t place)
{
    __builtin_prefetch((const void *)place);
    __builtin_prefetch((const void *)(place + 64));
}

/* Give a lane the next value, or else the work of the last busy lane, which then rests. */
static ALWAYS_INLINE fault take_next(work *w, size_t at, const values *given)
{
    lane *l = &w->lanes[at];
    if (w->next_row == given->count) {
        size_t last = --w->busy;
        *l = w->lanes[last];
        memmove(w->states[at], w->states[last], sizeof w->states[at]);
        return no_fault;
    }
    l->row = w->next_row++;
    l->block = 0;
    memcpy(w->states[at], sha256_h0, sizeof w->states[at]);
    fault wrong = find_value(given, l->row, &l->value, &l->length);
    ask_for((uintptr_t)l->value + BYTES_AHEAD);
    if (wrong.kind == NOTHING_WRONG)
        l->last_block = (l->length + 1 + 8) / BLOCK_SIZE; /* FIPS 180-4 5.1.1: prefix, end mark, 8 bytes of length */
    return wrong;
}

/* FIPS 180-4 5.1.1: the last block ends in the length in bits, prefix included. */
static ALWAYS_INLINE void put_length(uint8_t block[BLOCK_SIZE], const lane *l)
{
    uint64_t bits = ((uint64_t)l->length + 1) * 8;
    if (l->block != l->last_block)
        return;
    write_word(block + 56, (uint32_t)(bits >> 32));
    write_word(block + 60, (uint32_t)bits);
}

/* A block that the value does not fill: what is left of it, then the end mark if the value ends here (5.1.1). */
static void fill_short(uint8_t block[BLOCK_SIZE], const lane *l)
{
    size_t start = BLOCK_SIZE * l->block, total = l->length + 1;
    memset(block, 0, BLOCK_SIZE);
    if (l->block == 0)
        memcpy(block + 1, l->value, l->length);
    else if (start < total)
        memcpy(block, l->value + start - 1, total - start);
    if (start <= total)
        block[total - start] = 0x80;
    put_length(block, l);
}

/* 64 bytes from ones + 64 - n keep the first n of a block, those from mark + 64 - n put the end mark behind them. */
static const uint8_t ones[128] = {[0 ... 63] = 0xff}, mark[128] = {[64] = 0x80};

/* The same without branches and calls, where 64 bytes may be read though fewer are of the value. */
static ALWAYS_INLINE void fill_masked(uint8_t block[BLOCK_SIZE], const lane *l, const uint8_t *from, size_t here)
{
    uint64_t words[8], keep[8], end[8];
    memcpy(words, from, BLOCK_SIZE);
    memcpy(keep, ones + 64 - here, BLOCK_SIZE);
    memcpy(end, mark + 64 - here, BLOCK_SIZE);
    UNROLL for (unsigned i = 0; i < 8; i++)
        words[i] = (words[i] & keep[i]) | end[i];
    memcpy(block, words, BLOCK_SIZE);
    put_length(block, l);
}

static ALWAYS_INLINE void fill(uint8_t block[BLOCK_SIZE], const lane *l, const uint8_t *end_of_data)
{
    size_t start = BLOCK_SIZE * l->block, total = l->length + 1;
    if (l->block == 0 && total >= BLOCK_SIZE) {
        block[0] = 0x00; /* RFC 6962 2.1: the prefix of a leaf */
        memcpy(block + 1, l->value, BLOCK_SIZE - 1);
    } else if (l->block && total - start >= BLOCK_SIZE && start < total) {
        memcpy(block, l->value + start - 1, BLOCK_SIZE);
    } else if (l->block && start <= total && (size_t)(end_of_data - l->value) >= start - 1 + BLOCK_SIZE) {
        fill_masked(block, l, l->value + start - 1, total - start);
    } else {
        fill_short(block, l);
    }
}

static ALWAYS_INLINE void write_hash(uint8_t *out, const uint32_t state[STATE_WORDS])
{
    UNROLL for (unsigned i = 0; i < STATE_WORDS; i++)
        write_word(out + 4 * i, state[i]);
}

static fault start(work *w, const values *given, size_t done)
{
    w->next_row = done;
    w->busy = given->count - done < LANES ? given->count - done : LANES;
    for (size_t at = 0; at < w->busy; at++) {
        fault wrong = take_next(w, at, given);
        if (wrong.kind != NOTHING_WRONG)
            return wrong;
    }
    return no_fault;
}

/* After a block: write the hashes of values that are through. */
static fault advance(work *w, const values *given, uint8_t *out)
{
    for (size_t at = w->busy; at-- > 0;) { /* from the end, so that a lane moved here has been advanced already */
        lane *l = &w->lanes[at];
        if (l->block++ < l->last_block)
            continue;
        write_hash(out + HASH_SIZE * l->row, w->states[at]);
        fault wrong = take_next(w, at, given);
        if (wrong.kind != NOTHING_WRONG)
            return wrong;
    }
    return no_fault;
}

fault leaf_hashes(const sha256_path *path, const values *given, uint8_t *out)
{
    work w;
    size_t done = 0;
    if (!given->offset_width && path->equal_values)
        done = path->equal_values(given->data, given->width, given->count, out);
    fault wrong = start(&w, given, done);
    while (wrong.kind == NOTHING_WRONG && w.busy) {
        for (size_t at = 0; at < w.busy; at++)
            fill(w.blocks[at], &w.lanes[at], given->data + given->length);
        path->blocks(w.states, (const uint8_t(*)[BLOCK_SIZE])w.blocks, w.busy);
        wrong = advance(&w, given, out);
    }
    return wrong;
}
