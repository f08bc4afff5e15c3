/* SHA-256 of as many messages at once as a register has 32-bit lanes: word t of all of them in one register. BATCHES of
 * such registers are worked on in turn, so that one has something to do while another waits for its last result.
 *
 * Included by one file an instruction set, which defines TARGET, V (the register), LANES, BATCHES and, on registers:
 * ADD, XOR3, CHOOSE, MAJORITY, ROTATE, SHIFT_R, EVERY (one word in all lanes), PUT (some bits in place of those not kept),
 * KEEP (the compiler must not re-arrange the sum so far), swap_bytes (in each word), load_eight (the eight words at a
 * byte of each row: word t of all rows in register t) and store_eight (back, 32 bytes a row).
 */

enum { FULL = LANES * BATCHES };

TARGET static ALWAYS_INLINE V sum_0(V x) { return XOR3(ROTATE(x, 2), ROTATE(x, 13), ROTATE(x, 22)); }
TARGET static ALWAYS_INLINE V sum_1(V x) { return XOR3(ROTATE(x, 6), ROTATE(x, 11), ROTATE(x, 25)); }
TARGET static ALWAYS_INLINE V sigma_0(V x) { return XOR3(ROTATE(x, 7), ROTATE(x, 18), SHIFT_R(x, 3)); }
TARGET static ALWAYS_INLINE V sigma_1(V x) { return XOR3(ROTATE(x, 17), ROTATE(x, 19), SHIFT_R(x, 10)); }

/* FIPS 180-4 6.2.2 step 3; `s` is a to h, turned by one place instead of moved. */
TARGET static ALWAYS_INLINE void round_of(V s[STATE_WORDS], unsigned t, V word_and_k)
{
    V a = s[(0 - t) & 7], b = s[(1 - t) & 7], c = s[(2 - t) & 7], d = s[(3 - t) & 7];
    V e = s[(4 - t) & 7], f = s[(5 - t) & 7], g = s[(6 - t) & 7], h = s[(7 - t) & 7];
    V t1 = ADD(h, word_and_k); /* what is known first is added first */
    KEEP(t1);
    t1 = ADD(t1, CHOOSE(e, f, g));
    KEEP(t1);
    t1 = ADD(t1, sum_1(e));
    KEEP(t1);
    s[(3 - t) & 7] = ADD(d, t1);
    t1 = ADD(t1, MAJORITY(a, b, c));
    KEEP(t1);
    s[(7 - t) & 7] = ADD(t1, sum_0(a));
}

/* 6.2.2 step 1: the word 16 rounds after word t of `w`, in its place. */
TARGET static ALWAYS_INLINE void next_word(V w[16], unsigned t)
{
    w[t] = ADD(ADD(w[t], sigma_0(w[(t + 1) & 15])), ADD(w[(t + 9) & 15], sigma_1(w[(t + 14) & 15])));
}

/* The 16 rounds from `from` on with the words `w`; with `expand`, those of the next 16 rounds take their place. */
TARGET static ALWAYS_INLINE void rounds_16(V s[BATCHES][STATE_WORDS], V w[BATCHES][16], unsigned from, int expand)
{
    UNROLL for (unsigned t = 0; t < 16; t++)
        UNROLL for (unsigned i = 0; i < BATCHES; i++) {
            round_of(s[i], t, ADD(w[i][t], EVERY(sha256_k[from + t])));
            if (expand)
                next_word(w[i], t);
        }
}

TARGET static ALWAYS_INLINE void add_states(V h[BATCHES][STATE_WORDS], V s[BATCHES][STATE_WORDS]) /* 6.2.2 step 4 */
{
    UNROLL for (unsigned i = 0; i < BATCHES; i++)
        UNROLL for (unsigned j = 0; j < STATE_WORDS; j++)
            h[i][j] = ADD(h[i][j], s[i][j]);
}

/* A function of its own and a loop: the code of two whole compressions in a row is more than the processor's nearest
 * cache holds, and takes half as long again. */
TARGET static __attribute__((noinline)) void compress(V h[BATCHES][STATE_WORDS], V w[BATCHES][16])
{
    V s[BATCHES][STATE_WORDS];
    memcpy(s, h, sizeof s);
    NO_UNROLL for (unsigned from = 0; from < 48; from += 16)
        rounds_16(s, w, from, 1);
    rounds_16(s, w, 48, 0);
    add_states(h, s);
}

/* The second block of a node has one byte of message: with the words and K of the rounds from 16 on looked up by it, a
 * lane needs four steps to gather eight of them instead of twelve to compute each. */
TARGET static ALWAYS_INLINE void known_rounds(V s[BATCHES][STATE_WORDS], V w[BATCHES][8])
{
    UNROLL for (unsigned t = 0; t < 8; t++)
        UNROLL for (unsigned i = 0; i < BATCHES; i++)
            round_of(s[i], t, w[i][t]);
}

/* The first 16 rounds of that block: all words but the first are the same for every node, and word 16 is word 0. */
TARGET static ALWAYS_INLINE void constant_rounds(V s[BATCHES][STATE_WORDS], V w[BATCHES][8])
{
    UNROLL for (unsigned i = 0; i < BATCHES; i++)
        round_of(s[i], 0, ADD(w[i][0], EVERY(sha256_k[0] - sha256_k[16])));
    UNROLL for (unsigned t = 1; t < 16; t++)
        UNROLL for (unsigned i = 0; i < BATCHES; i++)
            round_of(s[i], t, EVERY(sha256_k[t] + (t == 15 ? SECOND_BLOCK_LENGTH : 0)));
}

TARGET static ALWAYS_INLINE void load_all(V w[BATCHES][8], const uint8_t *rows[BATCHES][LANES], size_t at)
{
    UNROLL for (unsigned i = 0; i < BATCHES; i++)
        load_eight(w[i], rows[i], at);
}

TARGET static ALWAYS_INLINE void compress_second(V h[BATCHES][STATE_WORDS], const uint8_t *words[BATCHES][LANES])
{
    V s[BATCHES][STATE_WORDS], w[BATCHES][8];
    memcpy(s, h, sizeof s);
    load_all(w, words, 4 * 16);
    constant_rounds(s, w);
    NO_UNROLL for (unsigned t = 24; t < 64; t += 8) {
        known_rounds(s, w);
        load_all(w, words, 4 * t);
    }
    known_rounds(s, w);
    add_states(h, s);
}

TARGET static ALWAYS_INLINE void load_words(V w[BATCHES][16], const uint8_t *rows[BATCHES][LANES])
{
    UNROLL for (unsigned i = 0; i < BATCHES; i++) {
        load_eight(w[i], rows[i], 0);
        load_eight(w[i] + 8, rows[i], BLOCK_SIZE / 2);
        UNROLL for (unsigned t = 0; t < 16; t++)
            w[i][t] = swap_bytes(w[i][t]);
    }
}

TARGET static ALWAYS_INLINE void find_rows(const uint8_t *rows[BATCHES][LANES], const uint8_t *first, size_t apart)
{
    UNROLL for (unsigned i = 0; i < BATCHES; i++)
        UNROLL for (unsigned j = 0; j < LANES; j++)
            rows[i][j] = first + apart * (LANES * i + j);
}

/* RFC 6962 2.1: the first blocks of messages with a prefix, 64 bytes of which stand `apart`. The byte before the first
 * message, in whose place the prefix would be, may be none of ours. */
TARGET static ALWAYS_INLINE void load_prefixed(V w[BATCHES][16], const uint8_t *first, size_t apart, uint32_t prefix)
{
    const uint8_t *rows[BATCHES][LANES];
    uint8_t begin[BLOCK_SIZE] = {0};
    memcpy(begin + 1, first, BLOCK_SIZE - 1);
    find_rows(rows, (const uint8_t *)((uintptr_t)first - 1), apart);
    rows[0][0] = begin;
    load_words(w, rows);
    UNROLL for (unsigned i = 0; i < BATCHES; i++)
        w[i][0] = PUT(w[i][0], EVERY(UINT32_C(0x00ffffff)), EVERY(prefix << 24));
}

TARGET static ALWAYS_INLINE void begin_states(V h[BATCHES][STATE_WORDS])
{
    UNROLL for (unsigned i = 0; i < BATCHES; i++)
        UNROLL for (unsigned j = 0; j < STATE_WORDS; j++)
            h[i][j] = EVERY(sha256_h0[j]);
}

TARGET static ALWAYS_INLINE void store_hashes(uint8_t *out, V h[BATCHES][STATE_WORDS])
{
    UNROLL for (unsigned i = 0; i < BATCHES; i++) {
        UNROLL for (unsigned j = 0; j < STATE_WORDS; j++)
            h[i][j] = swap_bytes(h[i][j]);
        store_eight(out + HASH_SIZE * LANES * i, h[i]);
    }
}

/* All pairs are read before the first hash is written. */
TARGET static void full_nodes(const uint8_t *children, uint8_t *out)
{
    const uint8_t *second[BATCHES][LANES];
    V w[BATCHES][16], h[BATCHES][STATE_WORDS];
    UNROLL for (unsigned i = 0; i < BATCHES; i++)
        UNROLL for (unsigned j = 0; j < LANES; j++)
            second[i][j] = (const uint8_t *)sha256_second_words[children[PAIR_SIZE * (LANES * i + j + 1) - 1]];
    load_prefixed(w, children, PAIR_SIZE, 0x01);
    begin_states(h);
    compress(h, w);
    compress_second(h, second);
    store_hashes(out, h);
}

TARGET static void full_blocks(uint32_t (*states)[STATE_WORDS], const uint8_t (*given)[BLOCK_SIZE])
{
    const uint8_t *at[BATCHES][LANES];
    V w[BATCHES][16], h[BATCHES][STATE_WORDS];
    find_rows(at, given[0], BLOCK_SIZE);
    load_words(w, at);
    find_rows(at, (const uint8_t *)states, HASH_SIZE);
    load_all(h, at, 0);
    compress(h, w);
    UNROLL for (unsigned i = 0; i < BATCHES; i++)
        store_eight((uint8_t *)(states + LANES * i), h[i]);
}

/* What FIPS 180-4 5.1.1 puts into a block of a message that ends before it does, and which bits it leaves. */
typedef struct {
    uint32_t kept[16], put[16];
} padding;

static padding padding_of(size_t start, size_t total)
{
    uint8_t kept[BLOCK_SIZE] = {0}, put[BLOCK_SIZE] = {0};
    size_t here = start < total ? total - start : 0;
    padding p;
    memset(kept, 0xff, here);
    if (start <= total)
        put[here] = 0x80;
    for (unsigned t = 0; t < 16; t++) {
        p.kept[t] = read_word(kept + 4 * t);
        p.put[t] = read_word(put + 4 * t);
    }
    if (total + 1 + 8 <= start + BLOCK_SIZE) {
        p.put[14] = (uint32_t)(total >> 29);
        p.put[15] = (uint32_t)(total << 3);
    }
    return p;
}

TARGET static void full_values(const uint8_t *values, size_t width, uint8_t *out)
{
    const size_t total = width + 1;
    V w[BATCHES][16], h[BATCHES][STATE_WORDS];
    begin_states(h);
    for (size_t start = 0; start < total + 1 + 8; start += BLOCK_SIZE) {
        if (start == 0)
            load_prefixed(w, values, width, 0x00);
        else {
            const uint8_t *rows[BATCHES][LANES];
            find_rows(rows, values + start - 1, width);
            load_words(w, rows);
        }
        if (total < start + BLOCK_SIZE) {
            padding p = padding_of(start, total);
            UNROLL for (unsigned i = 0; i < BATCHES; i++)
                UNROLL for (unsigned t = 0; t < 16; t++)
                    w[i][t] = PUT(w[i][t], EVERY(p.kept[t]), EVERY(p.put[t]));
        }
        compress(h, w);
    }
    store_hashes(out, h);
}

TARGET static uint32_t bare_rounds(size_t count)
{
    uint32_t states[LANES][STATE_WORDS];
    V s[BATCHES][STATE_WORDS];
    UNROLL for (unsigned i = 0; i < BATCHES; i++)
        UNROLL for (unsigned j = 0; j < STATE_WORDS; j++)
            s[i][j] = EVERY(sha256_h0[j] + i); /* all different, or the compiler takes them for one */
    for (size_t done = 0; done < count; done += FULL)
        NO_UNROLL for (unsigned from = 0; from < 64; from += 16)
            UNROLL for (unsigned t = 0; t < 16; t++)
                UNROLL for (unsigned i = 0; i < BATCHES; i++)
                    round_of(s[i], t, EVERY(sha256_k[from + t]));
    UNROLL for (unsigned i = 1; i < BATCHES; i++)
        s[0][0] = ADD(s[0][0], s[i][0]);
    store_eight((uint8_t *)states, s[0]);
    return states[0][0];
}

/* What does not fill the lanes is left to a path that needs no filling. */
static const sha256_path *for_the_rest(void) { return sha256_shani.usable() ? &sha256_shani : &sha256_scalar; }

/* A batch reads and writes all at once and then computes for long, which hides from the processor what it will need. To
 * ask for the next batch in time takes a quarter off the time of a level that lies in memory. */
static ALWAYS_INLINE void ask_for(uintptr_t place, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += 64)
        __builtin_prefetch((const void *)(place + at));
}

static void nodes(const uint8_t *children, uint8_t *out, size_t count)
{
    size_t i = 0;
    for (; i + FULL <= count; i += FULL) {
        ask_for((uintptr_t)children + PAIR_SIZE * (i + FULL), PAIR_SIZE * FULL);
        ask_for((uintptr_t)out + HASH_SIZE * (i + FULL), HASH_SIZE * FULL);
        full_nodes(children + PAIR_SIZE * i, out + HASH_SIZE * i);
    }
    if (i < count)
        for_the_rest()->nodes(children + PAIR_SIZE * i, out + HASH_SIZE * i, count - i);
}

static void blocks(uint32_t (*states)[STATE_WORDS], const uint8_t (*given)[BLOCK_SIZE], size_t count)
{
    size_t i = 0;
    for (; i + FULL <= count; i += FULL)
        full_blocks(states + i, given + i);
    if (i < count)
        for_the_rest()->blocks(states + i, given + i, count - i);
}

/* Blocks are loaded whole, so as many bytes as may be read behind the last value must be those of values, too. */
static size_t equal_values(const uint8_t *values, size_t width, size_t count, uint8_t *out)
{
    size_t i = 0;
    for (; i + FULL <= count && (count - i - FULL) * width >= BLOCK_SIZE + 8; i += FULL) {
        ask_for((uintptr_t)values + width * (i + FULL), width * FULL);
        ask_for((uintptr_t)out + HASH_SIZE * (i + FULL), HASH_SIZE * FULL);
        full_values(values + width * i, width, out + HASH_SIZE * i);
    }
    return i;
}
