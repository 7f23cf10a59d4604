/*
 * Transactions: transfers in front of the bus, its grants, and what happens then.
 */
#ifndef MMUSIM_MMU_TRANSACTION_H
#define MMUSIM_MMU_TRANSACTION_H

#include <stdbool.h>
#include <stdint.h>

struct bus_counters;
struct bus_request;
struct core;
struct machine;
struct memory_system;

/* The transfer asks for the bus, behind those of its core. */
void transaction_ask(struct machine *machine, uint32_t transfer, uint64_t cycle);
/* A dirty line asks for the bus, on behalf of the core that made it go. */
void transaction_write_back(struct machine *machine, struct core *core, uint64_t line, uint64_t cycle);
/* Whether the line waits for the bus, dirty. */
bool transaction_writes_back(const struct memory_system *system, uint64_t line);

/* The earliest grant, as far as is known now; NEVER if nothing waits. */
uint64_t transaction_next(const struct machine *machine);
/* Grants in this cycle, which is that of transaction_next. */
void transaction_grant(struct machine *machine, uint64_t cycle);

/* A granted request that passes no cache is performed, or postponed by a cycle. */
void transaction_perform(struct machine *machine, uint32_t transfer, uint64_t cycle);

/* A request is granted as one transaction that passes no cache, and counted; gives the cycle of its data. */
uint64_t transaction_direct(struct machine *machine, struct core *core, struct bus_request *request,
                            struct bus_counters *counters);

#endif
