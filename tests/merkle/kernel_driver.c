/* Hashes standard input by the path named: pairs of nodes for width 0, else leaves of that width. For emulators, where
 * no Python is.
 */
#include "tree.h"

#include <stdio.h>
#include <stdlib.h>

static uint8_t data[1 << 20], out[1 << 20];

static const sha256_path *named(const char *name)
{
    const sha256_path *found[MOST_PATHS];
    size_t count = sha256_usable_paths(found);
    for (size_t i = 0; i < count; i++)
        if (strcmp(found[i]->name, name) == 0)
            return found[i];
    return NULL;
}

int main(int argc, char **argv)
{
    const sha256_path *path = argc == 3 ? named(argv[1]) : NULL;
    size_t width = path ? (size_t)atol(argv[2]) : 0, length = fread(data, 1, sizeof data, stdin);
    if (!path)
        return fprintf(stderr, "no such path\n"), 2;
    size_t count = length / (width ? width : PAIR_SIZE);
    values given = {.data = data, .length = length, .count = count, .width = width};
    if (width)
        leaf_hashes(path, &given, out);
    else
        path->nodes(data, out, count);
    return fwrite(out, HASH_SIZE, count, stdout) == count ? 0 : 1;
}
