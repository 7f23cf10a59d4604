/*
 * A QEMU plug-in that writes what one virtual processor does, in the form mtrace (traces/README.md):
 *
 *     qemu-x86_64 -plugin mtrace_plugin.so,out=FILE,skip=N,events=N,cpu=N PROGRAM ARGUMENTS
 *
 * out=FILE   where to write; fd=N instead is an open file descriptor. One of the two must be there.
 * skip=N     instructions before the first one that is written (0).
 * events=N   ends the emulation, with exit status 0, at the first instruction after N lines; 0: never (0).
 * cpu=N      the processor to watch, or the thread under user-mode emulation, from 0 (0). The others run
 * unseen: a line says nothing of who did it, and interleaved accesses would follow the wrong instruction.
 *
 * A forked child is not watched. Under system emulation, data accesses come with their physical address.
 * QEMU gives a plug-in no context at its end, so the state is global here; it is used by the watched
 * processor only.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "qemu_plugin_api.h"

#define BUFFER_BYTES          (1024 * 1024)
#define LINE_BYTES_MAX        64
#define INSTRUCTION_BYTES_MAX 16

/* The line of an instruction, written once when it is translated. */
struct instruction_line {
    size_t length;
    char text[LINE_BYTES_MAX];
};

static struct {
    char buffer[BUFFER_BYTES];
    size_t used;
    uint64_t skip;
    uint64_t events;
    uint64_t events_max; /* 0: no end */
    unsigned vcpu;
    int file;
    bool watching; /* false until `skip` instructions have gone by, and in forked children */
    bool forked;
    bool system_emulation;
} trace;

int qemu_plugin_version = QEMU_PLUGIN_API;

__attribute__((format(printf, 1, 2))) static void complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vdprintf(STDERR_FILENO, format, arguments); /* there is nowhere else to say that this failed */
    va_end(arguments);
}

static void flush(void)
{
    size_t done = 0;
    while (done < trace.used) {
        ssize_t written = write(trace.file, trace.buffer + done, trace.used - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            complain("mtrace: the trace cannot be written (%s); it ends after about %llu events\n",
                     strerror(errno), (unsigned long long)trace.events);
            _exit(1);
        }
        done += (size_t)written;
    }
    trace.used = 0;
}

static char *put_hex(char *to, uint64_t value)
{
    int digits = 1;
    while (digits < 16 && value >> (digits * 4) != 0)
        digits++;
    for (int i = digits - 1; i >= 0; i--)
        *to++ = "0123456789abcdef"[value >> (i * 4) & 15];
    return to;
}

static char *put_decimal(char *to, unsigned value)
{
    if (value >= 10)
        to = put_decimal(to, value / 10);
    *to++ = (char)('0' + value % 10);
    return to;
}

static char *line_begin(void)
{
    if (trace.used > BUFFER_BYTES - LINE_BYTES_MAX)
        flush();
    return trace.buffer + trace.used;
}

static void line_end(const char *end)
{
    trace.used = (size_t)(end - trace.buffer);
    trace.events++;
}

static void end_of_emulation(void)
{
    flush();
    if (close(trace.file) != 0) {
        complain("mtrace: the trace cannot be closed (%s); it may be incomplete\n", strerror(errno));
        _exit(1);
    }
    _exit(0);
}

static void on_instruction(unsigned vcpu, void *user)
{
    const struct instruction_line *line = user;
    if (vcpu != trace.vcpu || trace.forked)
        return;
    if (!trace.watching) {
        if (trace.skip > 0) {
            trace.skip--;
            return;
        }
        trace.watching = true;
    }
    if (trace.events_max != 0 && trace.events >= trace.events_max)
        end_of_emulation();
    char *to = line_begin();
    memcpy(to, line->text, line->length);
    line_end(to + line->length);
}

static void on_access(unsigned vcpu, qemu_plugin_meminfo_t info, uint64_t va, void *user)
{
    (void)user;
    if (vcpu != trace.vcpu || !trace.watching)
        return;
    char *to = line_begin();
    *to++ = qemu_plugin_mem_is_store(info) ? 'S' : 'L';
    *to++ = ' ';
    to = put_hex(to, va);
    *to++ = ' ';
    to = put_decimal(to, 1u << qemu_plugin_mem_size_shift(info));
    struct qemu_plugin_hwaddr *address = trace.system_emulation ? qemu_plugin_get_hwaddr(info, va) : NULL;
    if (address != NULL) {
        *to++ = ' ';
        to = put_hex(to, qemu_plugin_hwaddr_phys_addr(address));
    }
    *to++ = '\n';
    line_end(to);
}

/* Lives as long as QEMU: a translation may be thrown away while its code still runs. */
static struct instruction_line *new_line(const struct qemu_plugin_insn *instruction)
{
    struct instruction_line *line = malloc(sizeof *line);
    size_t size_bytes = qemu_plugin_insn_size(instruction);
    const uint8_t *bytes = qemu_plugin_insn_data(instruction);
    if (line == NULL || size_bytes > INSTRUCTION_BYTES_MAX) {
        complain("mtrace: no memory, or an instruction of more than %d bytes\n", INSTRUCTION_BYTES_MAX);
        _exit(1);
    }
    char *to = line->text;
    *to++ = 'I';
    *to++ = ' ';
    to = put_hex(to, qemu_plugin_insn_vaddr(instruction));
    *to++ = ' ';
    to = put_decimal(to, (unsigned)size_bytes);
    *to++ = ' ';
    for (size_t i = 0; i < size_bytes; i++) {
        *to++ = "0123456789abcdef"[bytes[i] >> 4];
        *to++ = "0123456789abcdef"[bytes[i] & 15];
    }
    *to++ = '\n';
    line->length = (size_t)(to - line->text);
    return line;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    size_t count = qemu_plugin_tb_n_insns(block);
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_instruction, QEMU_PLUGIN_CB_NO_REGS,
                                               new_line(instruction));
        qemu_plugin_register_vcpu_mem_cb(instruction, on_access, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW,
                                         NULL);
    }
}

static void on_exit_of_qemu(qemu_plugin_id_t id, void *user)
{
    (void)id;
    (void)user;
    if (trace.forked)
        return;
    flush();
    if (trace.events == 0)
        complain("mtrace: the program ended before anything was recorded; skip fewer instructions\n");
}

static void on_fork_in_child(void)
{
    trace.forked = true;
    trace.watching = false;
    trace.used = 0;
}

static bool read_number(const char *text, uint64_t maximum, uint64_t *number)
{
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value > maximum)
        return false;
    *number = value;
    return true;
}

static bool read_option(const char *option)
{
    uint64_t number = 0;
    if (strncmp(option, "out=", 4) == 0) {
        trace.file = open(option + 4, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (trace.file < 0)
            complain("mtrace: %s cannot be written (%s)\n", option + 4, strerror(errno));
        return trace.file >= 0;
    }
    if (strncmp(option, "fd=", 3) == 0 && read_number(option + 3, 1u << 20, &number)) {
        trace.file = (int)number;
        return true;
    }
    if (strncmp(option, "cpu=", 4) == 0 && read_number(option + 4, 1u << 20, &number)) {
        trace.vcpu = (unsigned)number;
        return true;
    }
    if (strncmp(option, "skip=", 5) == 0 && read_number(option + 5, UINT64_MAX, &trace.skip))
        return true;
    if (strncmp(option, "events=", 7) == 0 && read_number(option + 7, UINT64_MAX, &trace.events_max))
        return true;
    complain("mtrace: the option \"%s\" must be out=FILE, fd=N, skip=N, events=N or cpu=N\n", option);
    return false;
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    trace.file = -1;
    trace.system_emulation = info->system_emulation;
    for (int i = 0; i < argc; i++)
        if (!read_option(argv[i]))
            return -1;
    if (trace.file < 0) {
        complain("mtrace: say where to write with out=FILE or fd=N\n");
        return -1;
    }
    if (pthread_atfork(NULL, NULL, on_fork_in_child) != 0) {
        complain("mtrace: forks cannot be watched for want of memory\n");
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
    return 0;
}
