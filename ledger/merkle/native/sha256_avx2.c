/* SHA-256 of 8 messages at once in the registers of AVX2. */
#if defined(__x86_64__)
#include "sha256.h"

#include <immintrin.h>

#define TARGET __attribute__((target("avx2")))
enum { LANES = 8, BATCHES = 1 };
#define V __m256i
#define ADD(x, y) _mm256_add_epi32(x, y)
#define OR(x, y) _mm256_or_si256(x, y)
#define XOR(x, y) _mm256_xor_si256(x, y)
#define AND(x, y) _mm256_and_si256(x, y)
#define XOR3(x, y, z) XOR(XOR(x, y), z)
#define CHOOSE(x, y, z) XOR(z, AND(x, XOR(y, z)))
#define MAJORITY(x, y, z) OR(AND(x, y), AND(z, OR(x, y)))
#define PUT(x, kept, put) OR(AND(x, kept), put)
#define SHIFT_R(x, by) _mm256_srli_epi32(x, by)
#define SHIFT_L(x, by) _mm256_slli_epi32(x, by)
#define ROTATE(x, by) OR(SHIFT_R(x, by), SHIFT_L(x, 32 - (by)))
#define EVERY(word) _mm256_set1_epi32((int)(word))
#define KEEP(x) __asm__("" : "+x"(x))

TARGET static ALWAYS_INLINE V swap_bytes(V x)
{
    const __m128i order = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    return _mm256_shuffle_epi8(x, _mm256_broadcastsi128_si256(order));
}

/* Four rows of four words within each half of the registers r[0] to r[3]. */
TARGET static ALWAYS_INLINE void transpose_halves(V r[4])
{
    V ab_low = _mm256_unpacklo_epi32(r[0], r[1]), ab_high = _mm256_unpackhi_epi32(r[0], r[1]);
    V cd_low = _mm256_unpacklo_epi32(r[2], r[3]), cd_high = _mm256_unpackhi_epi32(r[2], r[3]);
    r[0] = _mm256_unpacklo_epi64(ab_low, cd_low);
    r[1] = _mm256_unpackhi_epi64(ab_low, cd_low);
    r[2] = _mm256_unpacklo_epi64(ab_high, cd_high);
    r[3] = _mm256_unpackhi_epi64(ab_high, cd_high);
}

TARGET static ALWAYS_INLINE void transpose(V r[8])
{
    transpose_halves(r);
    transpose_halves(r + 4);
    UNROLL for (unsigned i = 0; i < 4; i++) {
        V left = r[i], right = r[i + 4];
        r[i] = _mm256_permute2x128_si256(left, right, 0x20);
        r[i + 4] = _mm256_permute2x128_si256(left, right, 0x31);
    }
}

TARGET static ALWAYS_INLINE void load_eight(V w[8], const uint8_t *row[LANES], size_t at)
{
    UNROLL for (unsigned i = 0; i < LANES; i++)
        w[i] = _mm256_loadu_si256((const V *)(row[i] + at));
    transpose(w);
}

TARGET static ALWAYS_INLINE void store_eight(uint8_t *to, V h[8])
{
    transpose(h);
    UNROLL for (unsigned i = 0; i < LANES; i++)
        _mm256_storeu_si256((V *)(to + HASH_SIZE * i), h[i]);
}

#include "sha256_lanes.h"

static int usable(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2");
}

const sha256_path sha256_avx2 = {"avx2x8", usable, nodes, blocks, equal_values, bare_rounds};
#else
typedef int not_for_this_processor;
#endif
