-- The events that led to one violation, in the order of cycles: the operations that made and ended its mapping, their
-- stores, invalidations and answers, the walk, the TLB entry, and the event itself. Numbers are parameters, which SQLite
-- takes into the parts of the view, to look them up there.
WITH told AS (
    SELECT l.cycle, l.core, l.event, l.text FROM event_log l
    WHERE l.operation = :operation
    UNION
    SELECT l.cycle, l.core, l.event, l.text FROM event_log l
    WHERE l.operation = :made_by
    UNION
    SELECT l.cycle, l.core, l.event, l.text FROM event_log l
    WHERE l.operation = :ended_by
    UNION
    SELECT l.cycle, l.core, l.event, l.text FROM event_log l
    WHERE l.walk = :walk AND l.what IN ('walk', 'walk step')
    UNION
    SELECT l.cycle, l.core, l.event, l.text FROM event_log l
    WHERE l.entry = :entry AND l.what = 'TLB entry'
    UNION
    SELECT l.cycle, l.core, l.event, l.text FROM event_log l
    WHERE l.invalidation = :invalidation AND l.what IN ('invalidation', 'acknowledgement')
    UNION
    SELECT l.cycle, l.core, l.event, l.text FROM event_log l WHERE l.event = :event
)
SELECT cycle, core, text FROM told ORDER BY cycle, event, text
