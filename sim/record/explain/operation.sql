-- An operation, its views and its barriers. OR, not IN: so SQLite knows beforehand that no other table has such events.
INSERT INTO story
SELECT l.cycle, l.event, l.core, l.what, NULL,
       CASE l.what WHEN 'operation' THEN printf('operation %d: %s', l.operation, l.text) ELSE l.text END
FROM event_log l
WHERE l.operation = :operation AND (l.what = 'operation' OR l.what = 'view' OR l.what = 'barrier');
