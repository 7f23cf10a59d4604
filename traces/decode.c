#include "traces/decode.h"

#include <capstone.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "traces/classify.h"

#define CHUNK_INSTRUCTIONS 256
#define SLOTS_AT_FIRST     1024

/* Answers live in chunks, so that they never move. */
struct chunk {
    struct chunk *next;
    size_t used;
    struct instruction instructions[CHUNK_INSTRUCTIONS];
};

struct decoder {
    enum decode_architecture architecture;
    csh capstone;
    cs_insn *scratch;
    struct chunk *chunks;             /* newest first */
    const struct instruction **slots; /* hash table of (pc, bytes); NULL: free */
    size_t slots_count;               /* a power of two */
    size_t slots_used;
    struct instruction uncached; /* the answer when there is no memory to keep it */
};

static bool open_capstone(struct decoder *decoder)
{
    bool aarch64 = decoder->architecture == DECODE_AARCH64;
    cs_arch arch = aarch64 ? CS_ARCH_ARM64 : CS_ARCH_X86;
    cs_mode mode = aarch64 ? CS_MODE_LITTLE_ENDIAN : CS_MODE_64;
    if (cs_open(arch, mode, &decoder->capstone) != CS_ERR_OK)
        return false;
    if (cs_option(decoder->capstone, CS_OPT_DETAIL, CS_OPT_ON) != CS_ERR_OK)
        return false;
    decoder->scratch = cs_malloc(decoder->capstone);
    return decoder->scratch != NULL;
}

struct decoder *decoder_open(enum decode_architecture architecture)
{
    if ((unsigned)architecture >= DECODE_ARCHITECTURES)
        return NULL;
    struct decoder *decoder = calloc(1, sizeof *decoder);
    if (decoder == NULL)
        return NULL;
    decoder->architecture = architecture;
    decoder->slots_count = SLOTS_AT_FIRST;
    decoder->slots = calloc(SLOTS_AT_FIRST, sizeof(const struct instruction *));
    if (decoder->slots == NULL || !open_capstone(decoder)) {
        decoder_close(decoder);
        return NULL;
    }
    return decoder;
}

void decoder_close(struct decoder *decoder)
{
    if (decoder == NULL)
        return;
    if (decoder->scratch != NULL)
        cs_free(decoder->scratch, 1);
    if (decoder->capstone != 0)
        (void)cs_close(&decoder->capstone); /* fails only for a handle that is not open */
    while (decoder->chunks != NULL) {
        struct chunk *next = decoder->chunks->next;
        free(decoder->chunks);
        decoder->chunks = next;
    }
    free(decoder->slots);
    free(decoder);
}

static size_t hash_of(uint64_t pc, const uint8_t *bytes, size_t bytes_count)
{
    uint64_t hash = pc * 0x9e3779b97f4a7c15u; /* 2^64 divided by the golden ratio (Knuth, TAOCP 6.4) */
    for (size_t i = 0; i < bytes_count; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u; /* FNV-1a */
    return (size_t)(hash ^ hash >> 32);
}

/* The slot of this instruction, or the free one where it belongs. At most half of the slots are used. */
static const struct instruction **find(const struct instruction **slots, size_t slots_count,
                                       const struct instruction *key)
{
    size_t index = hash_of(key->pc, key->bytes, key->bytes_count) & (slots_count - 1);
    for (;; index = (index + 1) & (slots_count - 1)) {
        const struct instruction *found = slots[index];
        if (found == NULL || (found->pc == key->pc && found->bytes_count == key->bytes_count &&
                              memcmp(found->bytes, key->bytes, key->bytes_count) == 0))
            return &slots[index];
    }
}

static bool make_room(struct decoder *decoder)
{
    if (decoder->slots_used * 2 < decoder->slots_count)
        return true;
    size_t count = decoder->slots_count * 2;
    const struct instruction **slots = calloc(count, sizeof(const struct instruction *));
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < decoder->slots_count; i++)
        if (decoder->slots[i] != NULL)
            *find(slots, count, decoder->slots[i]) = decoder->slots[i];
    free(decoder->slots);
    decoder->slots = slots;
    decoder->slots_count = count;
    return true;
}

/* NULL: no memory. */
static struct instruction *new_instruction(struct decoder *decoder)
{
    if (decoder->chunks == NULL || decoder->chunks->used == CHUNK_INSTRUCTIONS) {
        struct chunk *chunk = calloc(1, sizeof *chunk);
        if (chunk == NULL)
            return NULL;
        chunk->next = decoder->chunks;
        decoder->chunks = chunk;
    }
    return &decoder->chunks->instructions[decoder->chunks->used++];
}

static uint32_t word_of(const struct instruction *instruction)
{
    const uint8_t *bytes = instruction->bytes;
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void write_bytes(const struct decoder *decoder, struct instruction *instruction)
{
    char *text = instruction->text;
    if (decoder->architecture == DECODE_AARCH64 && instruction->bytes_count == 4) {
        (void)snprintf(text, sizeof instruction->text, ".word 0x%08" PRIx32, word_of(instruction));
        return;
    }
    memcpy(text, ".byte", sizeof ".byte");
    size_t used = strlen(text);
    for (int i = 0; i < instruction->bytes_count; i++)
        used += (size_t)snprintf(text + used, sizeof instruction->text - used, "%s0x%02x", i == 0 ? " " : ",",
                                 instruction->bytes[i]);
}

/* True if Capstone has a name for exactly these bytes; decoder->scratch then holds its answer. */
static bool disassemble(struct decoder *decoder, const struct instruction *instruction)
{
    const uint8_t *bytes = instruction->bytes;
    size_t count = instruction->bytes_count;
    uint64_t pc = instruction->pc;
    return cs_disasm_iter(decoder->capstone, &bytes, &count, &pc, decoder->scratch) &&
           decoder->scratch->size == instruction->bytes_count;
}

/* A text that does not fit ends with "...". */
static void write_text(struct instruction *instruction, const cs_insn *named)
{
    char *text = instruction->text;
    const char *space = named->op_str[0] != '\0' ? " " : "";
    int length = snprintf(text, sizeof instruction->text, "%s%s%s", named->mnemonic, space, named->op_str);
    if (length >= (int)sizeof instruction->text)
        memcpy(text + sizeof instruction->text - sizeof "...", "...", sizeof "...");
}

static void decode(struct decoder *decoder, struct instruction *instruction)
{
    bool named = disassemble(decoder, instruction);
    enum instruction_class instruction_class = INSTRUCTION_OTHER;
    if (decoder->architecture == DECODE_AARCH64 && instruction->bytes_count == 4)
        instruction_class = classify_aarch64(word_of(instruction));
    else if (named)
        instruction_class = classify_x86_64(decoder->scratch);
    if (!named && instruction_class == INSTRUCTION_OTHER)
        instruction_class = INSTRUCTION_UNKNOWN;
    instruction->instruction_class = (uint8_t)instruction_class;
    if (!named) {
        write_bytes(decoder, instruction);
        return;
    }
    write_text(instruction, decoder->scratch);
}

const struct instruction *decoder_decode(struct decoder *decoder, uint64_t pc, const uint8_t *bytes,
                                         size_t bytes_count)
{
    struct instruction key = {.pc = pc};
    key.bytes_count = (uint8_t)(bytes_count < sizeof key.bytes ? bytes_count : sizeof key.bytes);
    if (key.bytes_count > 0)
        memcpy(key.bytes, bytes, key.bytes_count);
    const struct instruction **slot = find(decoder->slots, decoder->slots_count, &key);
    if (*slot != NULL)
        return *slot;
    struct instruction *answer = make_room(decoder) ? new_instruction(decoder) : NULL;
    if (answer == NULL)
        answer = &decoder->uncached;
    *answer = key;
    decode(decoder, answer);
    if (answer != &decoder->uncached) {
        *find(decoder->slots, decoder->slots_count, &key) = answer;
        decoder->slots_used++;
    }
    return answer;
}

enum decode_architecture decoder_guess(uint64_t pc, size_t bytes_count)
{
    return bytes_count == 4 && pc % 4 == 0 ? DECODE_AARCH64 : DECODE_X86_64;
}

const char *instruction_class_name(enum instruction_class instruction_class)
{
    static const char *const names[INSTRUCTION_CLASSES] = {
        "other", "load", "store", "load-store", "branch", "barrier", "invalidation", "system", "unknown",
    };
    return (unsigned)instruction_class < INSTRUCTION_CLASSES ? names[instruction_class] : "unknown";
}

const char *decode_architecture_name(enum decode_architecture architecture)
{
    static const char *const names[DECODE_ARCHITECTURES] = {"aarch64", "x86_64"};
    return (unsigned)architecture < DECODE_ARCHITECTURES ? names[architecture] : "unknown";
}
