/* SHA-256 (FIPS 180-4) as the Merkle tree needs it: many short, independent messages at once.
 *
 * A path is one way to do that. Which of them the processor can take is found out once, by sha256_usable_paths.
 */
#ifndef COILMARK_SHA256_H
#define COILMARK_SHA256_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { HASH_SIZE = 32, PAIR_SIZE = 64, BLOCK_SIZE = 64, STATE_WORDS = 8, MOST_PATHS = 5 };

typedef struct {
    const char *name;
    int (*usable)(void);
    /* The hash of 0x01 and each 64 bytes of children (RFC 6962 2.1). `out` may be `children`: going forward, no pair
     * is overwritten before it was read. */
    void (*nodes)(const uint8_t *children, uint8_t *out, size_t count);
    /* One block into each of `count` states (FIPS 180-4 6.2.2). */
    void (*blocks)(uint32_t (*states)[STATE_WORDS], const uint8_t (*blocks)[BLOCK_SIZE], size_t count);
    /* The leaf hashes (RFC 6962 2.1) of as many values as can be worked on together, the first of `count`, each `width`
     * bytes; answers with how many. Null where there is no better way than `blocks`. */
    size_t (*equal_values)(const uint8_t *values, size_t width, size_t count, uint8_t *out);
    /* The rounds of at least `count` compressions and nothing else, for timing: no words are computed, nothing is
     * loaded or stored, so no hash on this path can take less. The answer is there lest the compiler leave them out. */
    uint32_t (*bare_rounds)(size_t count);
} sha256_path;

extern const uint32_t sha256_k[64];            /* 4.2.2 */
extern const uint32_t sha256_h0[STATE_WORDS];  /* 5.3.3 */

extern const sha256_path sha256_scalar;
#if defined(__x86_64__)
extern const sha256_path sha256_avx512, sha256_shani, sha256_shani_sse, sha256_avx2;
#elif defined(__aarch64__) && defined(__AARCH64EL__)
extern const sha256_path sha256_armv8;
#endif

/* Fills `found` with the paths this processor can take, the fastest first; answers with how many (at least one). */
size_t sha256_usable_paths(const sha256_path *found[MOST_PATHS]);

/* What follows the 64 bytes of a pair in the second block of a node: its last byte, the end mark, zeros, and the length
 * of 65 bytes in bits (5.1.1). All but the first word are the same for every node. */
#define SECOND_BLOCK_MARK UINT32_C(0x00800000)
#define SECOND_BLOCK_LENGTH UINT32_C(520)

/* The words of that block, K added, by its one byte of message. Filled by sha256_usable_paths, before any path is known
 * to anybody, and the same ever after. */
extern uint32_t sha256_second_words[256][64];
void sha256_tabulate(void);

#define ALWAYS_INLINE inline __attribute__((always_inline))
#if defined(__clang__)
#define UNROLL _Pragma("unroll")
#define NO_UNROLL _Pragma("nounroll")
#else
#define UNROLL _Pragma("GCC unroll 64")
#define NO_UNROLL _Pragma("GCC unroll 1")
#endif

static ALWAYS_INLINE uint32_t rotate_right(uint32_t x, unsigned by) { return x >> by | x << (32 - by); }

/* Words are big-endian in messages and hashes (FIPS 180-4 3.1). */
static ALWAYS_INLINE uint32_t big_endian_word(uint32_t word)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return __builtin_bswap32(word);
#else
    return word;
#endif
}

static ALWAYS_INLINE uint32_t read_word(const uint8_t *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return big_endian_word(word);
}

static ALWAYS_INLINE void write_word(uint8_t *at, uint32_t word)
{
    word = big_endian_word(word);
    memcpy(at, &word, sizeof word);
}

#endif
