/*
 * The program mmusim-mutants: the command line of mmusim, in which one mutant can be selected.
 *
 *     mmusim-mutants mutants ...           all mutants, judged: what `mmusim mutants` executes
 *     mmusim-mutants --mutant NAME VERB    any other verb, with this mutant
 *     mmusim-mutants --judge FILE.db FORM  what the judges say of a record, for the first
 */
#include <stdio.h>
#include <string.h>

#include "sim/cli/cli.h"
#include "sim/mutants/jobs.h"
#include "sim/mutants/verdicts.h"

const struct mutant *mutant_find(const char *name)
{
    for (const struct mutant *mutant = mutants; mutant->name; mutant++)
        if (strcmp(mutant->name, name) == 0)
            return mutant;
    (void)fprintf(stderr, "mmusim: there is no mutant '%s'; 'mmusim mutants --list' names all\n", name);
    return NULL;
}

const char *mutant_text_find(const char *name)
{
    for (const struct mutant_text *text = mutant_texts; text->name; text++)
        if (strcmp(text->name, name) == 0)
            return text->text;
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--judge") == 0)
        return job_judge(argv[2], argv[3]);
    if (argc > 1 && strcmp(argv[1], "mutants") == 0)
        return mutants_main(argc - 1, argv + 1);
    if (argc > 2 && strcmp(argv[1], "--mutant") == 0) {
        const struct mutant *mutant = mutant_find(argv[2]);
        if (!mutant)
            return CLI_MISUSE;
        mutant_selected = (unsigned)(mutant - mutants) + 1;
        argv[2] = argv[0];
        return cli_main(argc - 2, argv + 2, stdout, stderr);
    }
    return cli_main(argc, argv, stdout, stderr);
}
