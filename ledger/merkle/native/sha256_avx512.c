/* SHA-256 of 16 messages at once in the registers of AVX-512, and of two such batches in turn. */
#if defined(__x86_64__)
#include "sha256.h"

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw")))
enum { LANES = 16, BATCHES = 2 };
#define V __m512i
#define ADD(x, y) _mm512_add_epi32(x, y)
#define OR(x, y) _mm512_or_si512(x, y)
#define XOR3(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0x96)
#define CHOOSE(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xca)
#define MAJORITY(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xe8)
#define ROTATE(x, by) _mm512_ror_epi32(x, by)
#define SHIFT_R(x, by) _mm512_srli_epi32(x, by)
#define SHIFT_L(x, by) _mm512_slli_epi32(x, by)
#define EVERY(word) _mm512_set1_epi32((int)(word))
#define KEEP(x) __asm__("" : "+v"(x))

TARGET static ALWAYS_INLINE V swap_bytes(V x)
{
    const __m128i order = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    return _mm512_shuffle_epi8(x, _mm512_broadcast_i32x4(order));
}

/* Four rows of four words within each quarter of the registers r[0] to r[3]. */
TARGET static ALWAYS_INLINE void transpose_quarters(V r[4])
{
    V ab_low = _mm512_unpacklo_epi32(r[0], r[1]), ab_high = _mm512_unpackhi_epi32(r[0], r[1]);
    V cd_low = _mm512_unpacklo_epi32(r[2], r[3]), cd_high = _mm512_unpackhi_epi32(r[2], r[3]);
    r[0] = _mm512_unpacklo_epi64(ab_low, cd_low);
    r[1] = _mm512_unpackhi_epi64(ab_low, cd_low);
    r[2] = _mm512_unpacklo_epi64(ab_high, cd_high);
    r[3] = _mm512_unpackhi_epi64(ab_high, cd_high);
}

TARGET static ALWAYS_INLINE void transpose(V r[16])
{
    UNROLL for (unsigned i = 0; i < 16; i += 4)
        transpose_quarters(r + i);
    UNROLL for (unsigned i = 0; i < 4; i++) { /* now the quarters themselves: r[i], r[i + 4] ... are rows of four */
        V ab_even = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88), ab_odd = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
        V cd_even = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
        V cd_odd = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
        r[i] = _mm512_shuffle_i32x4(ab_even, cd_even, 0x88);
        r[i + 4] = _mm512_shuffle_i32x4(ab_odd, cd_odd, 0x88);
        r[i + 8] = _mm512_shuffle_i32x4(ab_even, cd_even, 0xdd);
        r[i + 12] = _mm512_shuffle_i32x4(ab_odd, cd_odd, 0xdd);
    }
}

TARGET static ALWAYS_INLINE void load_words(V w[16], const uint8_t *blocks)
{
    UNROLL for (unsigned i = 0; i < LANES; i++)
        w[i] = swap_bytes(_mm512_loadu_si512(blocks + BLOCK_SIZE * i));
    transpose(w);
}

TARGET static ALWAYS_INLINE void load_states(V h[STATE_WORDS], uint32_t (*states)[STATE_WORDS])
{
    V rows[16];
    UNROLL for (unsigned i = 0; i < LANES; i++)
        rows[i] = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)states[i]));
    transpose(rows);
    UNROLL for (unsigned i = 0; i < STATE_WORDS; i++)
        h[i] = rows[i];
}

TARGET static ALWAYS_INLINE void to_rows(V rows[16], const V h[STATE_WORDS])
{
    UNROLL for (unsigned i = 0; i < 16; i++)
        rows[i] = h[i & 7]; /* the upper halves of the rows are not used */
    transpose(rows);
}

TARGET static ALWAYS_INLINE void store_states(uint32_t (*states)[STATE_WORDS], const V h[STATE_WORDS])
{
    V rows[16];
    to_rows(rows, h);
    UNROLL for (unsigned i = 0; i < LANES; i++)
        _mm256_storeu_si256((__m256i *)states[i], _mm512_castsi512_si256(rows[i]));
}

TARGET static ALWAYS_INLINE void store_hashes(uint8_t *out, const V h[STATE_WORDS])
{
    V rows[16];
    to_rows(rows, h);
    UNROLL for (unsigned i = 0; i < LANES; i++)
        _mm256_storeu_si256((__m256i *)(out + HASH_SIZE * i), _mm512_castsi512_si256(swap_bytes(rows[i])));
}

#include "sha256_lanes.h"

static int usable(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
}

const sha256_path sha256_avx512 = {"avx512x16", usable, nodes, blocks, bare_rounds};
#else
typedef int not_for_this_processor;
#endif
