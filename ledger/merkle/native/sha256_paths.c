/* Which paths this processor can take. */
#include "sha256.h"

/* The order is that of measurements: 16 lanes of AVX-512 beat the SHA instructions where both were timed (Zen 5: 16 and
 * 36 ns a node), and those beat 8 lanes of AVX2. */
static const sha256_path *const all_paths[] = {
#if defined(__x86_64__)
    &sha256_avx512, &sha256_shani, &sha256_avx2,
#elif defined(__aarch64__) && defined(__AARCH64EL__)
    &sha256_armv8,
#endif
    &sha256_scalar,
};

size_t sha256_usable_paths(const sha256_path *found[MOST_PATHS])
{
    size_t count = 0;
    for (size_t i = 0; i < sizeof all_paths / sizeof all_paths[0]; i++)
        if (all_paths[i]->usable())
            found[count++] = all_paths[i];
    return count;
}
