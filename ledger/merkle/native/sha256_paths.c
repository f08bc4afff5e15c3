/* Which paths this processor can take. */
#include "sha256.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

/* The order is that of measurements: where registers of 512 bits are worked on whole (Zen 5) 16 lanes of AVX-512 take
 * 16 ns a node, less than the SHA instructions can; those beat 8 lanes of AVX2 everywhere. */
static const sha256_path *const all_paths[] = {
#if defined(__x86_64__)
    &sha256_avx512, &sha256_shani, &sha256_shani_sse, &sha256_avx2,
#elif defined(__aarch64__) && defined(__AARCH64EL__)
    &sha256_armv8,
#endif
    &sha256_scalar,
};

/* Zen 4 (AMD family 0x19) works on 512 bits in two halves: 34 ns a node with AVX-512, 22 with the SHA instructions. */
static int sha_beats_lanes(const sha256_path *const found[], size_t count)
{
#if defined(__x86_64__)
    unsigned a, b, c, d;
    if (count < 2 || found[0] != &sha256_avx512 || found[1] != &sha256_shani || !__builtin_cpu_is("amd"))
        return 0;
    return __get_cpuid(1, &a, &b, &c, &d) && (a >> 8 & 0xf) + (a >> 20 & 0xff) == 0x19;
#else
    return (void)found, (void)count, 0;
#endif
}

size_t sha256_usable_paths(const sha256_path *found[MOST_PATHS])
{
    size_t count = 0;
    sha256_tabulate();
    for (size_t i = 0; i < sizeof all_paths / sizeof all_paths[0]; i++)
        if (all_paths[i]->usable())
            found[count++] = all_paths[i];
    if (sha_beats_lanes(found, count)) {
        const sha256_path *lanes = found[0];
        found[0] = found[1];
        found[1] = lanes;
    }
    return count;
}
