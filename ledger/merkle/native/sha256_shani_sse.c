/* SHA-256 by the SHA instructions where there is no AVX: the same source, with instructions of two operands. */
#define SHANI_PATH sha256_shani_sse
#define SHANI_NAME "sha-ni-sse"
#define SHANI_BESIDE "sse4.1"
#include "sha256_shani.c"
