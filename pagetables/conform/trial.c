#include "pagetables/conform/trial.h"

#include <stdarg.h>
#include <stdio.h>

bool conform_trial_run(struct conform_trial *trial)
{
    trial->counts = (struct conform_counts){.sequences = 1};
    trial->broken = CONFORM_PROPERTIES;
    trial->out_of_memory = false;
    trial->failure = (struct conform_failure){.count = 0};
    trial->at = 0;
    return trial->pass->perform(trial);
}

__attribute__((format(printf, 3, 0))) static bool
break_with(struct conform_trial *trial, enum conform_property_id id, const char *format, va_list arguments)
{
    trial->broken = id;
    trial->failure.failing = trial->at;
    (void)vsnprintf(trial->failure.what, sizeof trial->failure.what, format, arguments);
    return false;
}

bool conform_break(struct conform_trial *trial, enum conform_property_id id, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)break_with(trial, id, format, arguments);
    va_end(arguments);
    return false;
}

bool conform_break_at(struct conform_trial *trial, enum conform_property_id id, uint64_t va,
                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)break_with(trial, id, format, arguments);
    va_end(arguments);
    trial->failure.va = va;
    trial->failure.has_va = true;
    return false;
}

bool conform_starve(struct conform_trial *trial)
{
    trial->out_of_memory = true;
    return false;
}
