#include "sim/explore/test/program_list.h"

static uint32_t begin(void *context, unsigned program)
{
    (void)context;
    (void)program;
    return 0;
}

static uint32_t resume(void *context, unsigned program, uint32_t node, const struct program_answer *answer)
{
    (void)context;
    (void)program;
    (void)answer;
    return node + 1;
}

static const struct program_request *request(void *context, unsigned program, uint32_t node)
{
    static const struct program_request end = {.kind = PROGRAM_END};
    const struct program_lists *lists = context;
    return node < LIST_REQUESTS ? &lists->core[program].requests[node] : &end;
}

static const char *error(void *context)
{
    (void)context;
    return NULL;
}

struct program_source program_lists_source(struct program_lists *lists)
{
    return (struct program_source){.context = lists,
                                   .programs = lists->programs,
                                   .begin = begin,
                                   .resume = resume,
                                   .request = request,
                                   .error = error};
}
