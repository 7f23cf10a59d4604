/*
 * Small logs with their verdicts, for tests. Events are written as macros, one a line; every log begins with
 * PREAMBLE, which is as long as PREAMBLE_LINES.
 */
#ifndef MMUSIM_SIM_PROTOCOL_TEST_JUDGE_H
#define MMUSIM_SIM_PROTOCOL_TEST_JUDGE_H

#include "sim/protocol/log_check.h"

#define EVENT(kind, tid, fields) "(" kind " (id 0) (tid " #tid ") " fields " (src \"t.c:1\"))\n"
#define WRITE_AS(tid, order, address, value)                                                                 \
    EVENT("mem-write", tid, "(mem-order " order ") (address " #address ") (value " #value ")")
#define WRITE(address, value)   WRITE_AS(0, "plain", address, value)
#define RELEASE(address, value) WRITE_AS(0, "release", address, value)
#define DSB_AS(tid, kind)       EVENT("barrier", tid, "dsb (kind " kind ")")
#define DSB(kind)               DSB_AS(0, kind)
#define ISB                     EVENT("barrier", 0, "isb")
#define TLBI_AS(tid, what)      EVENT("tlbi", tid, what)
#define TLBI(what)              TLBI_AS(0, what)
#define TLBI_VALUE(what, value) EVENT("tlbi", 0, what " (value " #value ")")
#define INIT(address, size)     EVENT("mem-init", 0, "(address " #address ") (size " #size ")")
#define FREE(address, size)     EVENT("mem-free", 0, "(address " #address ") (size " #size ")")
#define SET(address, size, value)                                                                            \
    EVENT("mem-set", 0, "(address " #address ") (size " #size ") (value " #value ")")
#define REGISTER_AS(tid, name, value) EVENT("sysreg-write", tid, "(sysreg " name ") (value " #value ")")
#define REGISTER(name, value)         REGISTER_AS(0, name, value)
#define HINT(kind, location, value)                                                                          \
    EVENT("hint", 0, "(kind " kind ") (location " #location ") (value " #value ")")
#define LOCK_AS(tid)    EVENT("lock", tid, "(address 245000)")
#define TRYLOCK_AS(tid) EVENT("trylock", tid, "(address 245000)")
#define UNLOCK_AS(tid)  EVENT("unlock", tid, "(address 245000)")

/*
 * A root at 23f000 with the lock 245000; tables 240000 (level 1), 241000 (level 2), 242000 (level 3, maps 0
 * to a page), a block of level 2 at 241008; 243000 and 244000 are free for tables.
 */
#define MEMORY                                                                                               \
    INIT(23f000, 6000)                                                                                       \
    HINT("set_root_lock", 23f000, 245000)                                                                    \
    WRITE(23f000, 240003)                                                                                    \
    WRITE(240000, 241003) WRITE(241000, 242003) WRITE(242000, 800004ff) WRITE(241008, 402004fd)
#define STAGE2         MEMORY REGISTER("vttbr_el2", 100000023f000) LOCK_AS(0)
#define EL2            MEMORY REGISTER("ttbr0_el2", 23f000) LOCK_AS(0)
#define PREAMBLE_LINES 9 /* of STAGE2 and of EL2 */

/* The log breaks no rule. */
void good(const char *log);
/* The log's last event breaks this rule; the earlier one stands in this line (0: there is none). */
void bad(enum protocol_rule rule, uint64_t related_line, const char *log);
/* The log's last event, or its bytes, are refused with a sentence that contains this. */
void refused(const char *sentence, const char *log);
/* What judging came to. */
enum log_verdict judge_text(const char *log, struct protocol_violation *violation, uint64_t *last_line,
                            char *sentence);

#endif
