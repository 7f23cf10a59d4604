/*
 * Runs the fuzzer's function over every file of a folder: whole, cut at many places, and with bytes changed.
 * usage: replay_corpus FOLDER
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX 65536
#define CHANGES        100

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

/* In memory of exactly its size, so that a sanitizer sees any reading past it. */
static void run(const uint8_t *data, size_t size_bytes)
{
    uint8_t *copy = malloc(size_bytes > 0 ? size_bytes : 1);
    if (copy == NULL)
        abort();
    memcpy(copy, data, size_bytes);
    (void)LLVMFuzzerTestOneInput(copy, size_bytes); /* always 0, libFuzzer's convention */
    free(copy);
}

/* xorshift64 (Marsaglia, 2003) */
static uint64_t next_random(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

static void run_variants(uint8_t *data, size_t size_bytes, uint64_t *random)
{
    size_t step = size_bytes / 200 + 1;
    run(data, size_bytes);
    for (size_t length = 0; length < size_bytes; length += step)
        run(data, length);
    for (int i = 0; i < CHANGES && size_bytes > 0; i++) {
        uint8_t *byte = &data[next_random(random) % size_bytes];
        uint8_t before = *byte;
        *byte = (uint8_t)next_random(random);
        run(data, size_bytes);
        *byte = before;
    }
}

static int run_file(const char *folder, const char *name, uint64_t *random)
{
    static uint8_t data[FILE_BYTES_MAX];
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = length > 0 && length < (int)sizeof path ? fopen(path, "rb") : NULL;
    if (file == NULL) {
        fprintf(stderr, "%s/%s cannot be read\n", folder, name);
        return 1;
    }
    size_t size_bytes = fread(data, 1, sizeof data, file);
    if (fclose(file) != 0)
        return 1;
    run_variants(data, size_bytes, random);
    return 0;
}

int main(int argc, char **argv)
{
    const char *seed_text = getenv("MMUSIM_SEED");
    uint64_t seed = seed_text != NULL ? strtoull(seed_text, NULL, 0) : 1;
    uint64_t random = seed | UINT64_C(1) << 63; /* never 0 */
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    int files = 0;
    if (folder == NULL) {
        fprintf(stderr, "usage: replay_corpus FOLDER\n");
        return 2;
    }
    printf("seed %" PRIu64 " (MMUSIM_SEED)\n", seed);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] == '.')
            continue;
        if (run_file(argv[1], entry->d_name, &random) != 0)
            return 1;
        files++;
    }
    if (closedir(folder) != 0)
        return 1;
    printf("%d files\n", files);
    return files > 0 ? 0 : 1;
}
