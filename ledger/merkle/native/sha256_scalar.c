/* SHA-256 in plain C, for processors nobody here knows, and for what is left of a batch where nothing better is. */
#include "sha256.h"



const uint32_t sha256_k[64] __attribute__((aligned(64))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

const uint32_t sha256_h0[STATE_WORDS] __attribute__((aligned(32))) = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static ALWAYS_INLINE uint32_t next_word(const uint32_t w[16], unsigned t) /* 6.2.2 step 1 */
{
    uint32_t before_2 = w[(t + 14) & 15], before_15 = w[(t + 1) & 15];
    uint32_t sigma_1 = rotate_right(before_2, 17) ^ rotate_right(before_2, 19) ^ before_2 >> 10;
    uint32_t sigma_0 = rotate_right(before_15, 7) ^ rotate_right(before_15, 18) ^ before_15 >> 3;
    return w[t & 15] + sigma_0 + w[(t + 9) & 15] + sigma_1;
}

/* 6.2.2 step 3. `s` is a to h, turned by one place instead of moving eight words. */
static ALWAYS_INLINE void round_of(uint32_t s[STATE_WORDS], unsigned t, uint32_t word)
{
    uint32_t a = s[(0 - t) & 7], b = s[(1 - t) & 7], c = s[(2 - t) & 7];
    uint32_t e = s[(4 - t) & 7], f = s[(5 - t) & 7], g = s[(6 - t) & 7];
    uint32_t sum_1 = rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25);
    uint32_t sum_0 = rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22);
    uint32_t t1 = s[(7 - t) & 7] + sum_1 + (g ^ (e & (f ^ g))) + sha256_k[t] + word;
    s[(3 - t) & 7] += t1;
    s[(7 - t) & 7] = t1 + sum_0 + ((a & b) | (c & (a | b)));
}

static void compress(uint32_t state[STATE_WORDS], uint32_t w[16])
{
    uint32_t s[STATE_WORDS];
    memcpy(s, state, sizeof s);
    for (unsigned t = 0; t < 64; t += 16) {
        UNROLL for (unsigned i = 0; i < 16; i++) {
            round_of(s, t + i, w[i]);
            w[i] = next_word(w, i); /* the last 16 are not needed; a branch would cost more */
        }
    }
    for (unsigned i = 0; i < STATE_WORDS; i++)
        state[i] += s[i];
}

static void node(const uint8_t *children, uint8_t *out)
{
    uint32_t state[STATE_WORDS], first[16], second[16] = {0};
    memcpy(state, sha256_h0, sizeof state);
    first[0] = UINT32_C(0x01000000) | read_word(children) >> 8; /* RFC 6962 2.1: the prefix shifts all by a byte */
    for (unsigned i = 1; i < 16; i++)
        first[i] = read_word(children + 4 * i - 1);
    second[0] = (uint32_t)children[PAIR_SIZE - 1] << 24 | SECOND_BLOCK_MARK;
    second[15] = SECOND_BLOCK_LENGTH;
    compress(state, first);
    compress(state, second);
    for (unsigned i = 0; i < STATE_WORDS; i++)
        write_word(out + 4 * i, state[i]);
}

uint32_t sha256_second_words[256][64] __attribute__((aligned(64)));

void sha256_tabulate(void)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        uint32_t w[16] = {byte << 24 | SECOND_BLOCK_MARK, [15] = SECOND_BLOCK_LENGTH};
        for (unsigned t = 0; t < 64; t++) {
            sha256_second_words[byte][t] = w[t & 15] + sha256_k[t];
            w[t & 15] = next_word(w, t);
        }
    }
}

static void nodes(const uint8_t *children, uint8_t *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        node(children + PAIR_SIZE * i, out + HASH_SIZE * i);
}

static void blocks(uint32_t (*states)[STATE_WORDS], const uint8_t (*given)[BLOCK_SIZE], size_t count)
{
    uint32_t w[16];
    for (size_t i = 0; i < count; i++) {
        for (unsigned t = 0; t < 16; t++)
            w[t] = read_word(given[i] + 4 * t);
        compress(states[i], w);
    }
}

static uint32_t bare_rounds(size_t count)
{
    uint32_t s[STATE_WORDS];
    memcpy(s, sha256_h0, sizeof s);
    for (size_t i = 0; i < count; i++)
        for (unsigned t = 0; t < 64; t += 16)
            UNROLL for (unsigned j = 0; j < 16; j++)
                round_of(s, t + j, 0);
    return s[0];
}

static int usable(void) { return 1; }

const sha256_path sha256_scalar = {"c-scalar", usable, nodes, blocks, NULL, bare_rounds};
