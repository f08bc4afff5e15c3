/* SHA-256 by the SHA2 instructions of ARMv8, four independent streams interleaved. */
#if defined(__aarch64__) && defined(__AARCH64EL__)
#include "sha256.h"

#include <arm_neon.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif

#if defined(__clang__)
#define TARGET __attribute__((target("sha2")))
#else
#define TARGET __attribute__((target("+crypto")))
#endif
enum { STREAMS = 4 };

typedef struct {
    uint32x4_t abcd, efgh;
} state;

TARGET static ALWAYS_INLINE uint32x4_t load_big_endian(const uint8_t *at)
{
    return vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(at)));
}

TARGET static ALWAYS_INLINE state load_state(const uint32_t words[STATE_WORDS])
{
    return (state){vld1q_u32(words), vld1q_u32(words + 4)};
}

TARGET static ALWAYS_INLINE void four_rounds(state *s, uint32x4_t words_and_k)
{
    uint32x4_t abcd = s->abcd;
    s->abcd = vsha256hq_u32(abcd, s->efgh, words_and_k);
    s->efgh = vsha256h2q_u32(s->efgh, abcd, words_and_k);
}

TARGET static ALWAYS_INLINE void next_words(uint32x4_t m[4], unsigned i) /* FIPS 180-4 6.2.2 step 1, four words */
{
    uint32x4_t sum = vsha256su0q_u32(m[i & 3], m[(i + 1) & 3]);
    m[i & 3] = vsha256su1q_u32(sum, m[(i + 2) & 3], m[(i + 3) & 3]);
}

TARGET static ALWAYS_INLINE void compress(state s[], uint32x4_t m[][4], unsigned streams)
{
    state before[STREAMS];
    UNROLL for (unsigned j = 0; j < streams; j++)
        before[j] = s[j];
    UNROLL for (unsigned i = 0; i < 16; i++) {
        uint32x4_t k = vld1q_u32(sha256_k + 4 * i);
        UNROLL for (unsigned j = 0; j < streams; j++) {
            four_rounds(&s[j], vaddq_u32(m[j][i & 3], k));
            if (i < 12)
                next_words(m[j], i);
        }
    }
    UNROLL for (unsigned j = 0; j < streams; j++)
        s[j] = (state){vaddq_u32(s[j].abcd, before[j].abcd), vaddq_u32(s[j].efgh, before[j].efgh)};
}

/* The first 63 bytes of a pair behind the prefix 0x01 (RFC 6962 2.1): nothing before or after the pair is read. */
TARGET static ALWAYS_INLINE void load_first(uint32x4_t m[4], const uint8_t *pair)
{
    uint8x16_t first = vextq_u8(vdupq_n_u8(1), vld1q_u8(pair), 15);
    m[0] = vreinterpretq_u32_u8(vrev32q_u8(first));
    UNROLL for (unsigned i = 1; i < 4; i++)
        m[i] = load_big_endian(pair + 16 * i - 1);
}

TARGET static ALWAYS_INLINE void load_second(uint32x4_t m[4], const uint8_t *pair)
{
    m[1] = m[2] = vdupq_n_u32(0);
    m[0] = vsetq_lane_u32((uint32_t)pair[PAIR_SIZE - 1] << 24 | SECOND_BLOCK_MARK, m[1], 0);
    m[3] = vsetq_lane_u32(SECOND_BLOCK_LENGTH, m[1], 3);
}

TARGET static ALWAYS_INLINE void some_nodes(const uint8_t *children, uint8_t *out, unsigned streams)
{
    uint32x4_t m[STREAMS][4];
    state s[STREAMS];
    UNROLL for (unsigned j = 0; j < streams; j++) {
        load_first(m[j], children + PAIR_SIZE * j);
        s[j] = load_state(sha256_h0);
    }
    compress(s, m, streams);
    UNROLL for (unsigned j = 0; j < streams; j++)
        load_second(m[j], children + PAIR_SIZE * j);
    compress(s, m, streams);
    UNROLL for (unsigned j = 0; j < streams; j++) {
        vst1q_u8(out + HASH_SIZE * j, vrev32q_u8(vreinterpretq_u8_u32(s[j].abcd)));
        vst1q_u8(out + HASH_SIZE * j + 16, vrev32q_u8(vreinterpretq_u8_u32(s[j].efgh)));
    }
}

TARGET static void nodes(const uint8_t *children, uint8_t *out, size_t count)
{
    size_t i = 0;
    for (; i + STREAMS <= count; i += STREAMS)
        some_nodes(children + PAIR_SIZE * i, out + HASH_SIZE * i, STREAMS);
    for (; i < count; i++)
        some_nodes(children + PAIR_SIZE * i, out + HASH_SIZE * i, 1);
}

TARGET static ALWAYS_INLINE void some_blocks(
    uint32_t (*states)[STATE_WORDS], const uint8_t (*given)[BLOCK_SIZE], unsigned streams)
{
    uint32x4_t m[STREAMS][4];
    state s[STREAMS];
    UNROLL for (unsigned j = 0; j < streams; j++) {
        UNROLL for (unsigned i = 0; i < 4; i++)
            m[j][i] = load_big_endian(given[j] + 16 * i);
        s[j] = load_state(states[j]);
    }
    compress(s, m, streams);
    UNROLL for (unsigned j = 0; j < streams; j++) {
        vst1q_u32(states[j], s[j].abcd);
        vst1q_u32(states[j] + 4, s[j].efgh);
    }
}

TARGET static void blocks(uint32_t (*states)[STATE_WORDS], const uint8_t (*given)[BLOCK_SIZE], size_t count)
{
    size_t i = 0;
    for (; i + STREAMS <= count; i += STREAMS)
        some_blocks(states + i, given + i, STREAMS);
    for (; i < count; i++)
        some_blocks(states + i, given + i, 1);
}

TARGET static uint32_t bare_rounds(size_t count)
{
    const uint32x4_t k = vld1q_u32(sha256_k);
    state s[STREAMS];
    UNROLL for (unsigned j = 0; j < STREAMS; j++) { /* all different, or the compiler takes them for one */
        s[j] = load_state(sha256_h0);
        s[j].abcd = vaddq_u32(s[j].abcd, vdupq_n_u32(j));
    }
    for (size_t i = 0; i < count; i += STREAMS)
        UNROLL for (unsigned t = 0; t < 64; t += 4)
            UNROLL for (unsigned j = 0; j < STREAMS; j++)
                four_rounds(&s[j], k);
    UNROLL for (unsigned j = 1; j < STREAMS; j++)
        s[0].abcd = vaddq_u32(s[0].abcd, s[j].abcd);
    return vgetq_lane_u32(s[0].abcd, 0);
}

static int usable(void)
{
#if defined(__APPLE__)
    return 1; /* every 64-bit processor of theirs has the instructions */
#elif defined(__linux__)
    return (getauxval(AT_HWCAP) >> 6 & 1) != 0; /* HWCAP_SHA2 */
#else
    return 0;
#endif
}

const sha256_path sha256_armv8 = {"armv8", usable, nodes, blocks, NULL, bare_rounds};
#else
typedef int not_for_this_processor;
#endif
