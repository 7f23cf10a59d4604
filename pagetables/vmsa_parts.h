/*
 * What the formats of VMSAv8-64 consist of: the functions of their rows (pagetables/vmsa_formats.c). Not a
 * public header.
 */
#ifndef MMUSIM_PAGETABLES_VMSA_PARTS_H
#define MMUSIM_PAGETABLES_VMSA_PARTS_H

#include "pagetables/entry.h"
#include "pagetables/walk.h"

/* pagetables/vmsa.c: the walk engine of every format. */
enum walk_status vmsa_start(struct walk_state *walk, const struct translation_regime *regime, uint64_t va);
enum walk_status vmsa_enter(struct walk_state *walk, const struct translation_regime *regime, uint64_t va,
                            const struct walk_table *table);
enum walk_status vmsa_s1_resume(struct walk_state *walk, const uint64_t *words);
enum walk_status vmsa_el2_resume(struct walk_state *walk, const uint64_t *words);
enum walk_status vmsa_s2_resume(struct walk_state *walk, const uint64_t *words);
bool vmsa_current_table(const struct walk_state *walk, struct walk_table *table);
bool vmsa_update(struct walk_state *walk, bool store, struct walk_update *update);
enum walk_status vmsa_updated(struct walk_state *walk);
uint8_t vmsa_s1_allowed(const struct access_controls *controls, uint8_t rights, uint32_t attributes);
bool vmsa_s2_refuses_table(const struct translation_regime *regime, const struct walk_leaf *leaf);

/* pagetables/vmsa_report.c */
void vmsa_report(const struct fault_cause *cause, struct fault_report *report);
void vmsa_el2_report(const struct fault_cause *cause, struct fault_report *report);

/* pagetables/vmsa_entry.c: the codec, by stage and regime. */
uint8_t vmsa_s1_rights_of_attributes(uint32_t attributes);
uint8_t vmsa_el2_rights_of_attributes(uint32_t attributes);
uint8_t vmsa_s2_rights_of_attributes(uint32_t attributes);

bool vmsa_s1_encode_leaf(const struct entry_level *level, const struct frame *frame, uint64_t *word);
bool vmsa_el2_encode_leaf(const struct entry_level *level, const struct frame *frame, uint64_t *word);
bool vmsa_s2_encode_leaf(const struct entry_level *level, const struct frame *frame, uint64_t *word);
uint64_t vmsa_encode_table(uint64_t pa);
struct entry vmsa_s1_decode(const struct entry_level *level, uint64_t word);
struct entry vmsa_el2_decode(const struct entry_level *level, uint64_t word);
struct entry vmsa_s2_decode(const struct entry_level *level, uint64_t word);
bool vmsa_s1_must_break(uint64_t before, uint64_t after);
bool vmsa_el2_must_break(uint64_t before, uint64_t after);
bool vmsa_s2_must_break(uint64_t before, uint64_t after);
uint64_t vmsa_s1_after_store(uint64_t word);
uint64_t vmsa_el2_after_store(uint64_t word);
uint64_t vmsa_s2_after_store(uint64_t word);

#endif
