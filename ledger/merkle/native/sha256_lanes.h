/* SHA-256 of as many messages at once as a register has 32-bit lanes: word t of all of them in one register. BATCHES of
 * such registers are worked on in turn, so that one has something to do while another waits for its last result.
 *
 * Included by one file an instruction set, which defines TARGET, V (the register), LANES, BATCHES and, on registers:
 * ADD, OR, XOR3, CHOOSE, MAJORITY, ROTATE, SHIFT_R, SHIFT_L, EVERY (one word in all lanes), KEEP (the compiler must not
 * re-arrange the sum so far), load_words, load_states, store_states, store_hashes.
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

/* The rounds from `from` on, a multiple of 16, with the words from there on. A function of its own and a loop: the code
 * of two whole compressions in a row is more than the processor's nearest cache holds, and takes half as long again. */
TARGET static __attribute__((noinline)) void rounds(V states[BATCHES][STATE_WORDS], V w[BATCHES][16], unsigned from)
{
    V s[BATCHES][STATE_WORDS];
    memcpy(s, states, sizeof s);
    NO_UNROLL for (; from < 48; from += 16)
        rounds_16(s, w, from, 1);
    rounds_16(s, w, 48, 0);
    memcpy(states, s, sizeof s);
}

TARGET static ALWAYS_INLINE void add_states(V h[BATCHES][STATE_WORDS], V s[BATCHES][STATE_WORDS]) /* 6.2.2 step 4 */
{
    UNROLL for (unsigned i = 0; i < BATCHES; i++)
        UNROLL for (unsigned j = 0; j < STATE_WORDS; j++)
            h[i][j] = ADD(h[i][j], s[i][j]);
}

TARGET static ALWAYS_INLINE void compress(V h[BATCHES][STATE_WORDS], V w[BATCHES][16])
{
    V s[BATCHES][STATE_WORDS];
    memcpy(s, h, sizeof s);
    rounds(s, w, 0);
    add_states(h, s);
}

#define SIGMA_0(x) (rotate_right(x, 7) ^ rotate_right(x, 18) ^ (x) >> 3)
#define SIGMA_1(x) (rotate_right(x, 17) ^ rotate_right(x, 19) ^ (x) >> 10)

/* The words 16 to 31 of a node's second block: of the 16 before, only the first differs and only the last is not 0. */
TARGET static ALWAYS_INLINE void second_words(V w[16], V first)
{
    const uint32_t length = SECOND_BLOCK_LENGTH;
    const uint32_t w17 = SIGMA_1(length), w19 = SIGMA_1(w17), w21 = SIGMA_1(w19);
    w[0] = first;
    w[1] = EVERY(w17);
    w[2] = sigma_1(w[0]);
    w[3] = EVERY(w19);
    w[4] = sigma_1(w[2]);
    w[5] = EVERY(w21);
    w[6] = ADD(sigma_1(w[4]), EVERY(length));
    w[7] = ADD(EVERY(SIGMA_1(w21)), w[0]);
    UNROLL for (unsigned t = 8; t < 14; t++)
        w[t] = ADD(sigma_1(w[t - 2]), w[t - 7]);
    w[14] = ADD(ADD(sigma_1(w[12]), w[7]), EVERY(SIGMA_0(length)));
    w[15] = ADD(ADD(sigma_1(w[13]), w[8]), ADD(sigma_0(w[0]), EVERY(length)));
}

/* The first 16 rounds of that block. */
TARGET static ALWAYS_INLINE void second_rounds(V s[BATCHES][STATE_WORDS], const V first[BATCHES])
{
    UNROLL for (unsigned i = 0; i < BATCHES; i++)
        round_of(s[i], 0, ADD(first[i], EVERY(sha256_k[0])));
    UNROLL for (unsigned t = 1; t < 16; t++)
        UNROLL for (unsigned i = 0; i < BATCHES; i++)
            round_of(s[i], t, EVERY(sha256_k[t] + (t == 15 ? SECOND_BLOCK_LENGTH : 0)));
}

TARGET static ALWAYS_INLINE void compress_second(V h[BATCHES][STATE_WORDS], const V first[BATCHES])
{
    V s[BATCHES][STATE_WORDS], w[BATCHES][16];
    memcpy(s, h, sizeof s);
    UNROLL for (unsigned i = 0; i < BATCHES; i++)
        second_words(w[i], first[i]);
    second_rounds(s, first);
    rounds(s, w, 16);
    add_states(h, s);
}

/* RFC 6962 2.1: the prefix 0x01 moves each byte of the pair by one. Answers with the first word of the second block. */
TARGET static ALWAYS_INLINE V load_pairs(V w[16], const uint8_t *children)
{
    load_words(w, children);
    V last = OR(SHIFT_L(w[15], 24), EVERY(SECOND_BLOCK_MARK));
    UNROLL for (unsigned t = 15; t > 0; t--)
        w[t] = OR(SHIFT_R(w[t], 8), SHIFT_L(w[t - 1], 24));
    w[0] = OR(SHIFT_R(w[0], 8), EVERY(UINT32_C(0x01000000)));
    return last;
}

/* All pairs are read before the first hash is written. */
TARGET static void full_nodes(const uint8_t *children, uint8_t *out)
{
    V w[BATCHES][16], h[BATCHES][STATE_WORDS], last[BATCHES];
    UNROLL for (unsigned i = 0; i < BATCHES; i++) {
        last[i] = load_pairs(w[i], children + PAIR_SIZE * LANES * i);
        UNROLL for (unsigned j = 0; j < STATE_WORDS; j++)
            h[i][j] = EVERY(sha256_h0[j]);
    }
    compress(h, w);
    compress_second(h, last);
    UNROLL for (unsigned i = 0; i < BATCHES; i++)
        store_hashes(out + HASH_SIZE * LANES * i, h[i]);
}

TARGET static void full_blocks(uint32_t (*states)[STATE_WORDS], const uint8_t (*given)[BLOCK_SIZE])
{
    V w[BATCHES][16], h[BATCHES][STATE_WORDS];
    UNROLL for (unsigned i = 0; i < BATCHES; i++) {
        load_words(w[i], given[LANES * i]);
        load_states(h[i], states + LANES * i);
    }
    compress(h, w);
    UNROLL for (unsigned i = 0; i < BATCHES; i++)
        store_states(states + LANES * i, h[i]);
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
    store_states(states, s[0]);
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
