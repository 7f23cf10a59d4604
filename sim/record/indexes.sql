-- Made when the run ends: while inserting they would cost a third of the speed. The large tables have as few as the
-- rules and stories need: a scan of a million rows takes a tenth of a second, an index of them one to make.
CREATE INDEX walks_by_id ON walks (walk);
CREATE INDEX walk_steps_by_walk ON walk_steps (walk, step, core);
CREATE INDEX tlb_entries_by_id ON tlb_entries (entry);
CREATE INDEX walk_cache_entries_by_id ON walk_cache_entries (entry);
CREATE INDEX entry_writes_by_operation ON entry_writes (operation);
CREATE INDEX entry_writes_by_word ON entry_writes (pa);
CREATE INDEX invalidations_by_core ON invalidations (core, event);
CREATE INDEX invalidations_by_operation ON invalidations (operation);
CREATE INDEX acknowledgements_by_invalidation ON acknowledgements (invalidation);
CREATE INDEX barriers_by_operation ON barriers (operation);
CREATE INDEX table_views_by_operation ON table_views (operation);
CREATE INDEX operations_by_page ON operations (space, va);
CREATE INDEX counters_by_name ON counters (name, region, core);
CREATE INDEX instructions_by_pc ON instructions (pc);
