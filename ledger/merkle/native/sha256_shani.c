/* SHA-256 by the SHA instructions of x86-64, four independent streams interleaved.
 *
 * One stream waits four cycles for each sha256rnds2, and the unit takes one a cycle: four keep it busy. Computing the
 * words of a block takes other units as long as its rounds take this one. So the second block of two nodes, whose words
 * are tabulated, goes along with the first block of the next two (Zen 4: 22 ns a node; 26 with four nodes block after
 * block, 32 without the table). Zen 5 takes one every other cycle, and a node 136 cycles where the bare rounds of its
 * two blocks take 128.
 */
#if defined(__x86_64__)
#include "sha256.h"

#include <cpuid.h>
#include <immintrin.h>

/* Built twice: with AVX for its instructions of three operands, without which a node takes a twentieth longer on Zen 4,
 * and by sha256_shani_sse.c for processors that have the SHA instructions and no AVX (Goldmont to Tremont). */
#ifndef SHANI_PATH
#define SHANI_PATH sha256_shani
#define SHANI_NAME "sha-ni"
#define SHANI_BESIDE "avx"
#endif
#define TARGET __attribute__((target("sha," SHANI_BESIDE)))
enum { STREAMS = 4, STAGE = 2, BYTES_AHEAD = 1024 };

/* The instructions hold the eight words as two registers, ABEF and CDGH. */
typedef struct {
    __m128i abef, cdgh;
} state;

TARGET static ALWAYS_INLINE __m128i big_endian(void)
{
    return _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
}

TARGET static ALWAYS_INLINE __m128i load(const void *at) { return _mm_loadu_si128((const __m128i *)at); }
TARGET static ALWAYS_INLINE void store(void *at, __m128i x) { _mm_storeu_si128((__m128i *)at, x); }

TARGET static ALWAYS_INLINE state load_state(const uint32_t words[STATE_WORDS])
{
    __m128i cdab = _mm_shuffle_epi32(load(words), 0xb1), efgh = _mm_shuffle_epi32(load(words + 4), 0x1b);
    return (state){_mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xf0)};
}

TARGET static ALWAYS_INLINE void store_state(void *at, state s, __m128i order)
{
    __m128i feba = _mm_shuffle_epi32(s.abef, 0x1b), dchg = _mm_shuffle_epi32(s.cdgh, 0xb1);
    store(at, _mm_shuffle_epi8(_mm_blend_epi16(feba, dchg, 0xf0), order));
    store((uint8_t *)at + 16, _mm_shuffle_epi8(_mm_alignr_epi8(dchg, feba, 8), order));
}

TARGET static ALWAYS_INLINE state add(state x, state y)
{
    return (state){_mm_add_epi32(x.abef, y.abef), _mm_add_epi32(x.cdgh, y.cdgh)};
}

TARGET static ALWAYS_INLINE void four_rounds(state *s, __m128i words_and_k)
{
    s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, words_and_k);
    s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_shuffle_epi32(words_and_k, 0x0e));
}

/* FIPS 180-4 6.2.2 step 1 for four words at once: m[i] to m[i + 3] give what takes the place of m[i]. */
TARGET static ALWAYS_INLINE void next_words(__m128i m[4], unsigned i)
{
    __m128i before_7 = _mm_alignr_epi8(m[(i + 3) & 3], m[(i + 2) & 3], 4);
    __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(m[i & 3], m[(i + 1) & 3]), before_7);
    m[i & 3] = _mm_sha256msg2_epu32(sum, m[(i + 3) & 3]);
}

TARGET static ALWAYS_INLINE void compress(state s[], __m128i m[][4], unsigned streams)
{
    state before[STREAMS];
    UNROLL for (unsigned j = 0; j < streams; j++)
        before[j] = s[j];
    UNROLL for (unsigned i = 0; i < 16; i++) {
        __m128i k = load(sha256_k + 4 * i);
        UNROLL for (unsigned j = 0; j < streams; j++) {
            four_rounds(&s[j], _mm_add_epi32(m[j][i & 3], k));
            if (i < 12)
                next_words(m[j], i);
        }
    }
    UNROLL for (unsigned j = 0; j < streams; j++)
        s[j] = add(s[j], before[j]);
}

/* The first 63 bytes of a pair behind the prefix 0x01 (RFC 6962 2.1): nothing before or after the pair is read. */
TARGET static ALWAYS_INLINE void load_first(__m128i m[4], const uint8_t *pair)
{
    const __m128i shifted = _mm_set_epi8(11, 12, 13, 14, 7, 8, 9, 10, 3, 4, 5, 6, -1, 0, 1, 2);
    m[0] = _mm_or_si128(_mm_shuffle_epi8(load(pair), shifted), _mm_set_epi32(0, 0, 0, 0x01000000));
    UNROLL for (unsigned i = 1; i < 4; i++)
        m[i] = _mm_shuffle_epi8(load(pair + 16 * i - 1), big_endian());
}

/* A node between its blocks. */
typedef struct {
    state s;
    const uint32_t *second;
} half_way;

TARGET static ALWAYS_INLINE void four_known_rounds(state *s, const uint32_t *words_and_k)
{
    s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, _mm_loadl_epi64((const __m128i *)words_and_k));
    s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_loadl_epi64((const __m128i *)(words_and_k + 2)));
}

/* All that is needed of the pairs is read here. */
TARGET static ALWAYS_INLINE void begin(half_way h[], __m128i m[][4], const uint8_t *pairs, unsigned nodes)
{
    UNROLL for (unsigned j = 0; j < nodes; j++) {
        load_first(m[j], pairs + PAIR_SIZE * j);
        h[j] = (half_way){load_state(sha256_h0), sha256_second_words[pairs[PAIR_SIZE * j + PAIR_SIZE - 1]]};
    }
}

TARGET static ALWAYS_INLINE void first_blocks(half_way h[], const uint8_t *pairs, unsigned nodes)
{
    __m128i m[STAGE][4];
    state s[STAGE];
    begin(h, m, pairs, nodes);
    UNROLL for (unsigned j = 0; j < nodes; j++)
        s[j] = h[j].s;
    compress(s, m, nodes);
    UNROLL for (unsigned j = 0; j < nodes; j++)
        h[j].s = s[j];
}

TARGET static ALWAYS_INLINE void second_blocks(const half_way h[], uint8_t *out, unsigned nodes)
{
    state s[STAGE];
    UNROLL for (unsigned j = 0; j < nodes; j++)
        s[j] = h[j].s;
    UNROLL for (unsigned i = 0; i < 16; i++)
        UNROLL for (unsigned j = 0; j < nodes; j++)
            four_known_rounds(&s[j], h[j].second + 4 * i);
    UNROLL for (unsigned j = 0; j < nodes; j++)
        store_state(out + HASH_SIZE * j, add(s[j], h[j].s), big_endian());
}

/* The second blocks of the nodes in `h`, to `out`; then `h` is those of `pairs`, half way. */
TARGET static ALWAYS_INLINE void next_stage(half_way h[STAGE], const uint8_t *pairs, uint8_t *out)
{
    __m128i m[STAGE][4];
    half_way next[STAGE];
    state s[STAGE], t[STAGE];
    begin(next, m, pairs, STAGE);
    UNROLL for (unsigned j = 0; j < STAGE; j++)
        s[j] = h[j].s, t[j] = next[j].s;
    UNROLL for (unsigned i = 0; i < 16; i++) {
        __m128i k = load(sha256_k + 4 * i);
        UNROLL for (unsigned j = 0; j < STAGE; j++) {
            four_rounds(&t[j], _mm_add_epi32(m[j][i & 3], k));
            four_known_rounds(&s[j], h[j].second + 4 * i);
            if (i < 12)
                next_words(m[j], i);
        }
    }
    UNROLL for (unsigned j = 0; j < STAGE; j++) {
        store_state(out + HASH_SIZE * j, add(s[j], h[j].s), big_endian());
        h[j] = (half_way){add(t[j], next[j].s), next[j].second};
    }
}

TARGET static void nodes(const uint8_t *children, uint8_t *out, size_t count)
{
    half_way h[STAGE];
    size_t i = 0;
    if (count >= STAGE) {
        first_blocks(h, children, STAGE);
        for (; i + 2 * STAGE <= count; i += STAGE) {
            __builtin_prefetch((const void *)((uintptr_t)(children + PAIR_SIZE * i) + BYTES_AHEAD));
            __builtin_prefetch((const void *)((uintptr_t)(children + PAIR_SIZE * i) + BYTES_AHEAD + 64));
            __builtin_prefetch((const void *)((uintptr_t)(out + HASH_SIZE * i) + BYTES_AHEAD / 2), 1);
            next_stage(h, children + PAIR_SIZE * (i + STAGE), out + HASH_SIZE * i);
        }
        second_blocks(h, out + HASH_SIZE * i, STAGE);
        i += STAGE;
    }
    for (; i < count; i++) {
        first_blocks(h, children + PAIR_SIZE * i, 1);
        second_blocks(h, out + HASH_SIZE * i, 1);
    }
}

TARGET static ALWAYS_INLINE void some_blocks(
    uint32_t (*states)[STATE_WORDS], const uint8_t (*given)[BLOCK_SIZE], unsigned streams)
{
    const __m128i as_they_are = _mm_set_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    __m128i m[STREAMS][4];
    state s[STREAMS];
    UNROLL for (unsigned j = 0; j < streams; j++) {
        UNROLL for (unsigned i = 0; i < 4; i++)
            m[j][i] = _mm_shuffle_epi8(load(given[j] + 16 * i), big_endian());
        s[j] = load_state(states[j]);
    }
    compress(s, m, streams);
    UNROLL for (unsigned j = 0; j < streams; j++)
        store_state(states[j], s[j], as_they_are);
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
    const __m128i k = load(sha256_k);
    state s[STREAMS];
    UNROLL for (unsigned j = 0; j < STREAMS; j++) { /* all different, or the compiler takes them for one */
        s[j] = load_state(sha256_h0);
        s[j].abef = _mm_add_epi32(s[j].abef, _mm_set1_epi32((int)j));
    }
    for (size_t i = 0; i < count; i += STREAMS)
        UNROLL for (unsigned t = 0; t < 64; t += 4)
            UNROLL for (unsigned j = 0; j < STREAMS; j++) {
                s[j].cdgh = _mm_sha256rnds2_epu32(s[j].cdgh, s[j].abef, k);
                s[j].abef = _mm_sha256rnds2_epu32(s[j].abef, s[j].cdgh, k);
            }
    UNROLL for (unsigned j = 1; j < STREAMS; j++)
        s[0] = add(s[0], s[j]);
    return (uint32_t)_mm_cvtsi128_si32(s[0].abef);
}

/* Compilers' own test does not know these instructions: CPUID leaf 7, EBX bit 29. */
static int has_them(void)
{
    unsigned a, b, c, d;
    __builtin_cpu_init();
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && b >> 29 & 1 && __builtin_cpu_supports(SHANI_BESIDE);
}

/* Asked for each batch by the paths with lanes, and CPUID is slow where a hypervisor answers it. */
static int usable(void)
{
    static _Atomic int known;
    if (!known)
        known = has_them() ? 1 : -1;
    return known > 0;
}

const sha256_path SHANI_PATH = {SHANI_NAME, usable, nodes, blocks, NULL, bare_rounds};
#else
typedef int not_for_this_processor;
#endif
