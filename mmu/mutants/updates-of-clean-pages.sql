-- Each clean page that is stored to becomes dirty, once: an update by hardware for each page.
SELECT (SELECT count(DISTINCT va >> 12) FROM translations WHERE access_kind = 1) AS expected,
       (SELECT sum(value) FROM counters WHERE name = 'walker.updates') AS measured
