/*
 * What requests read and write, at the point of the memory system's order at which they are decided: in the
 * machine's own memory, and in a foreign one if a port leads to one.
 */
#ifndef MMUSIM_MMU_MEMORY_ACCESS_H
#define MMUSIM_MMU_MEMORY_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

struct bus_request;
struct core;
struct machine;

/* A request whose lines the caches hold. A store of several of them may have lost one again meanwhile: what
 * no cache holds dirty goes on to a foreign memory. */
void memory_access_cached(struct machine *machine, const struct core *core, struct bus_request *request);
/* A whole request as one transaction; gives the latency from its grant, request->grant_cycle. */
uint64_t memory_access_direct(struct machine *machine, const struct core *core, struct bus_request *request);

/*
 * A line as one transaction of the bus; gives its latency. The machine's own memory is the caches' content: a
 * foreign memory's line is copied there when it is fetched, and from there when it is written back.
 */
struct line_transaction {
    const struct core *core;
    uint64_t line;
    uint64_t grant_cycle;
    bool absent; /* answer: there is no memory */
};
uint64_t memory_access_read_line(struct machine *machine, struct line_transaction *transaction);
uint64_t memory_access_write_line(struct machine *machine, struct line_transaction *transaction);

#endif
