/* SHA-256 of 16 messages at once in the registers of AVX-512, and of two such batches in turn. */
#if defined(__x86_64__)
#include "sha256.h"

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw")))
enum { LANES = 16, BATCHES = 2 };
#define V __m512i
#define ADD(x, y) _mm512_add_epi32(x, y)
#define PUT(x, kept, put) _mm512_ternarylogic_epi32(x, kept, put, 0xea)
#define XOR3(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0x96)
#define CHOOSE(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xca)
#define MAJORITY(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xe8)
#define ROTATE(x, by) _mm512_ror_epi32(x, by)
#define SHIFT_R(x, by) _mm512_srli_epi32(x, by)
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

TARGET static ALWAYS_INLINE V load_two(const uint8_t *low, const uint8_t *high)
{
    __m256i first = _mm256_loadu_si256((const __m256i *)low), second = _mm256_loadu_si256((const __m256i *)high);
    return _mm512_inserti64x4(_mm512_castsi256_si512(first), second, 1);
}

/* Two rows that follow each other share a register on the way, so that their hashes come out side by side. */
TARGET static ALWAYS_INLINE void load_eight(V w[8], const uint8_t *row[LANES], size_t at)
{
    V r[8];
    UNROLL for (unsigned i = 0; i < 8; i++)
        r[i] = load_two(row[2 * i] + at, row[2 * i + 1] + at);
    transpose_quarters(r);
    transpose_quarters(r + 4);
    UNROLL for (unsigned i = 0; i < 4; i++) { /* a quarter has every second row of eight */
        w[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
        w[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
    }
}

TARGET static ALWAYS_INLINE void store_eight(uint8_t *to, V h[8])
{
    const V first = _mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0), last = _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4);
    transpose_quarters(h);
    transpose_quarters(h + 4);
    UNROLL for (unsigned i = 0; i < 4; i++) {
        _mm512_storeu_si512(to + 64 * i, _mm512_permutex2var_epi64(h[i], first, h[i + 4]));
        _mm512_storeu_si512(to + 64 * (i + 4), _mm512_permutex2var_epi64(h[i], last, h[i + 4]));
    }
}

#include "sha256_lanes.h"

static int usable(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
}

const sha256_path sha256_avx512 = {"avx512x16", usable, nodes, blocks, equal_values, bare_rounds};
#else
typedef int not_for_this_processor;
#endif
