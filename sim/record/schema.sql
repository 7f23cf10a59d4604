-- The tables of a record. SCHEMA.md says what each column means; a test compares the two.
-- Quantities are integers; kinds are small codes whose names are in `codes`. A cycle at which nothing
-- happened, an identifier that names nothing and a value that does not exist are NULL.
-- Addresses are 64 bits, stored as SQLite's signed integers: printf('0x%x', va) shows them.
-- `event` numbers the events of the machine in their order, over all tables.

CREATE TABLE runs (
    run INTEGER PRIMARY KEY CHECK (run = 1),
    complete INTEGER NOT NULL,
    level INTEGER NOT NULL,
    checked INTEGER NOT NULL,
    findings INTEGER,
    seed INTEGER NOT NULL,
    script_text TEXT,
    events INTEGER NOT NULL,
    program_version TEXT NOT NULL,
    script_path TEXT,
    command_line TEXT,
    host_started_unix INTEGER NOT NULL,
    host_seconds REAL
) STRICT;

CREATE TABLE configuration (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE codes (
    domain TEXT NOT NULL,
    code INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (domain, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE arrays (
    tlb INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    kind INTEGER NOT NULL,
    level INTEGER,
    side INTEGER,
    holds INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    ways INTEGER NOT NULL,
    replacement INTEGER NOT NULL,
    sizes INTEGER,
    inclusion INTEGER NOT NULL,
    latency INTEGER NOT NULL,
    shared INTEGER NOT NULL
) STRICT;

CREATE TABLE regions (
    region INTEGER PRIMARY KEY,
    event INTEGER NOT NULL,
    cycle INTEGER NOT NULL,
    core INTEGER NOT NULL,
    name TEXT NOT NULL
) STRICT;

CREATE TABLE spaces (
    space INTEGER PRIMARY KEY,
    event INTEGER NOT NULL,
    cycle INTEGER NOT NULL,
    core INTEGER NOT NULL,
    asid INTEGER NOT NULL,
    vmid INTEGER NOT NULL,
    stage2 INTEGER,
    root INTEGER NOT NULL,
    format TEXT NOT NULL,
    page_table TEXT NOT NULL,
    va_bits INTEGER NOT NULL,
    va_form INTEGER NOT NULL,
    frame_sizes INTEGER NOT NULL,
    spurious INTEGER NOT NULL,
    aliasing_allowed INTEGER NOT NULL,
    hardware_access INTEGER NOT NULL,
    hardware_dirty INTEGER NOT NULL,
    run_sizes INTEGER NOT NULL
) STRICT;

CREATE TABLE contexts (
    event INTEGER PRIMARY KEY,
    cycle INTEGER NOT NULL,
    core INTEGER NOT NULL,
    space INTEGER,
    asid INTEGER NOT NULL,
    vmid INTEGER NOT NULL,
    root INTEGER NOT NULL,
    high_space INTEGER,
    controls INTEGER NOT NULL,
    key_rights INTEGER NOT NULL
) STRICT;

-- What formats say of attributes and of a core's controls, for those that occurred: written when the run ends, so that
-- a record can be judged without the program that knows the format.

CREATE TABLE format_rights (
    format TEXT NOT NULL,
    attributes INTEGER NOT NULL,
    rights INTEGER NOT NULL,
    PRIMARY KEY (format, attributes)
) STRICT, WITHOUT ROWID;

CREATE TABLE allowed_rights (
    format TEXT NOT NULL,
    attributes INTEGER NOT NULL,
    rights INTEGER NOT NULL,
    controls INTEGER NOT NULL,
    key_rights INTEGER NOT NULL,
    allowed INTEGER NOT NULL,
    PRIMARY KEY (format, attributes, rights, controls, key_rights)
) STRICT, WITHOUT ROWID;

CREATE TABLE translations (
    event INTEGER PRIMARY KEY,
    cycle INTEGER NOT NULL,
    core INTEGER NOT NULL,
    access INTEGER NOT NULL,
    half INTEGER NOT NULL,
    retry INTEGER NOT NULL,
    space INTEGER,
    asid INTEGER NOT NULL,
    vmid INTEGER NOT NULL,
    privilege INTEGER NOT NULL,
    access_kind INTEGER NOT NULL,
    va INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    pc INTEGER,
    issue_cycle INTEGER NOT NULL,
    translated_cycle INTEGER,
    performed_cycle INTEGER,
    outcome INTEGER NOT NULL,
    walk INTEGER,
    entry INTEGER,
    fault INTEGER NOT NULL,
    fault_level INTEGER,
    fault_stage INTEGER,
    fault_ipa INTEGER,
    pa INTEGER,
    page_size_lg2 INTEGER,
    attributes INTEGER,
    rights INTEGER,
    value INTEGER,
    forwarded INTEGER NOT NULL,
    fault_code INTEGER
) STRICT;

CREATE TABLE walks (
    event INTEGER PRIMARY KEY,
    walk INTEGER NOT NULL,
    cycle INTEGER NOT NULL,
    core INTEGER NOT NULL,
    space INTEGER,
    asid INTEGER NOT NULL,
    vmid INTEGER NOT NULL,
    va INTEGER NOT NULL,
    request_cycle INTEGER NOT NULL,
    start_cycle INTEGER,
    steps INTEGER NOT NULL,
    waiters INTEGER NOT NULL,
    cause INTEGER NOT NULL,
    filled INTEGER NOT NULL,
    fault INTEGER NOT NULL,
    fault_level INTEGER,
    fault_stage INTEGER,
    fault_ipa INTEGER,
    fault_on_table INTEGER,
    leaf_va INTEGER,
    leaf_pa INTEGER,
    leaf_size_lg2 INTEGER,
    leaf_attributes INTEGER,
    leaf_rights INTEGER,
    leaf_level INTEGER
) STRICT;

CREATE TABLE walk_steps (
    event INTEGER PRIMARY KEY,
    cycle INTEGER NOT NULL,
    core INTEGER NOT NULL,
    walk INTEGER NOT NULL,
    step INTEGER NOT NULL,
    stage INTEGER,
    level INTEGER NOT NULL,
    ipa INTEGER,
    pa INTEGER NOT NULL,
    value INTEGER NOT NULL,
    request_cycle INTEGER,
    grant_cycle INTEGER
) STRICT;

CREATE TABLE tlb_entries (
    event INTEGER PRIMARY KEY,
    entry INTEGER NOT NULL,
    cycle INTEGER NOT NULL,
    core INTEGER NOT NULL,
    tlb INTEGER NOT NULL,
    space INTEGER,
    asid INTEGER NOT NULL,
    vmid INTEGER NOT NULL,
    va INTEGER NOT NULL,
    pa INTEGER NOT NULL,
    size_lg2 INTEGER NOT NULL,
    attributes INTEGER NOT NULL,
    rights INTEGER NOT NULL,
    walk INTEGER,
    fill_cycle INTEGER NOT NULL,
    first_hit_cycle INTEGER,
    last_hit_cycle INTEGER,
    last_done_cycle INTEGER,
    hits INTEGER NOT NULL,
    end_cycle INTEGER,
    end_reason INTEGER NOT NULL,
    invalidation INTEGER
) STRICT;

CREATE TABLE walk_cache_entries (
    event INTEGER PRIMARY KEY,
    entry INTEGER NOT NULL,
    cycle INTEGER NOT NULL,
    core INTEGER NOT NULL,
    tlb INTEGER NOT NULL,
    holds INTEGER NOT NULL,
    space INTEGER,
    asid INTEGER NOT NULL,
    vmid INTEGER NOT NULL,
    va INTEGER NOT NULL,
    pa INTEGER NOT NULL,
    size_lg2 INTEGER NOT NULL,
    attributes INTEGER,
    rights INTEGER,
    walk INTEGER,
    fill_cycle INTEGER NOT NULL,
    first_hit_cycle INTEGER,
    last_hit_cycle INTEGER,
    hits INTEGER NOT NULL,
    end_cycle INTEGER,
    end_reason INTEGER NOT NULL,
    invalidation INTEGER
) STRICT;

CREATE TABLE range_entries (
    event INTEGER PRIMARY KEY,
    entry INTEGER NOT NULL,
    cycle INTEGER NOT NULL,
    core INTEGER NOT NULL,
    tlb INTEGER NOT NULL,
    space INTEGER,
    asid INTEGER NOT NULL,
    vmid INTEGER NOT NULL,
    va INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    pa INTEGER NOT NULL,
    page_size_lg2 INTEGER NOT NULL,
    attributes INTEGER NOT NULL,
    rights INTEGER NOT NULL,
    walk INTEGER,
    fill_cycle INTEGER NOT NULL,
    first_hit_cycle INTEGER,
    last_hit_cycle INTEGER,
    hits INTEGER NOT NULL,
    end_cycle INTEGER,
    end_reason INTEGER NOT NULL,
    invalidation INTEGER
) STRICT;

CREATE TABLE conflicts (
    event INTEGER PRIMARY KEY,
    cycle INTEGER NOT NULL,
    core INTEGER NOT NULL,
    space INTEGER,
    va INTEGER NOT NULL,
    tlb INTEGER NOT NULL,
    entry INTEGER,
    matches INTEGER NOT NULL
) STRICT;

CREATE TABLE operations (
    operation INTEGER PRIMARY KEY,
    event INTEGER NOT NULL,
    core INTEGER NOT NULL,
    space INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    va INTEGER NOT NULL,
    pa INTEGER,
    size_lg2 INTEGER,
    attributes INTEGER,
    begin_cycle INTEGER NOT NULL,
    end_cycle INTEGER,
    end_event INTEGER,
    result INTEGER,
    found_va INTEGER,
    found_pa INTEGER,
    found_size_lg2 INTEGER,
    found_attributes INTEGER
) STRICT;

CREATE TABLE entry_writes (
    event INTEGER PRIMARY KEY,
    cycle INTEGER NOT NULL,
    core INTEGER NOT NULL,
    operation INTEGER,
    walk INTEGER,
    pa INTEGER NOT NULL,
    old_value INTEGER NOT NULL,
    new_value INTEGER NOT NULL,
    issue_cycle INTEGER NOT NULL,
    visible_cycle INTEGER
) STRICT;

CREATE TABLE invalidations (
    invalidation INTEGER PRIMARY KEY,
    event INTEGER NOT NULL,
    core INTEGER NOT NULL,
    operation INTEGER,
    scope INTEGER NOT NULL,
    va INTEGER,
    size_bytes INTEGER,
    asid INTEGER,
    vmid INTEGER NOT NULL,
    broadcast INTEGER NOT NULL,
    last_level_only INTEGER NOT NULL,
    list INTEGER,
    targets INTEGER NOT NULL,
    issue_cycle INTEGER NOT NULL,
    complete_cycle INTEGER,
    complete_event INTEGER
) STRICT;

CREATE TABLE acknowledgements (
    event INTEGER PRIMARY KEY,
    cycle INTEGER NOT NULL,
    core INTEGER NOT NULL,
    invalidation INTEGER NOT NULL,
    target INTEGER NOT NULL,
    arrive_cycle INTEGER,
    drop_cycle INTEGER,
    acknowledge_cycle INTEGER,
    entries_dropped INTEGER NOT NULL,
    walks_settled INTEGER NOT NULL,
    accesses_settled INTEGER NOT NULL
) STRICT;

CREATE TABLE barriers (
    event INTEGER PRIMARY KEY,
    cycle INTEGER NOT NULL,
    core INTEGER NOT NULL,
    operation INTEGER,
    kind INTEGER NOT NULL,
    begin_cycle INTEGER NOT NULL
) STRICT;

CREATE TABLE faults (
    event INTEGER PRIMARY KEY,
    cycle INTEGER NOT NULL,
    core INTEGER NOT NULL,
    access INTEGER NOT NULL,
    space INTEGER,
    va INTEGER NOT NULL,
    pc INTEGER,
    access_kind INTEGER NOT NULL,
    privilege INTEGER NOT NULL,
    fault INTEGER NOT NULL,
    fault_level INTEGER NOT NULL,
    fault_stage INTEGER,
    ipa INTEGER,
    handled INTEGER NOT NULL,
    code INTEGER,
    vector INTEGER,
    status INTEGER,
    reported_address INTEGER,
    reported_ipa INTEGER,
    instruction INTEGER
) STRICT;

CREATE TABLE table_views (
    event INTEGER PRIMARY KEY,
    cycle INTEGER NOT NULL,
    core INTEGER NOT NULL,
    operation INTEGER,
    space INTEGER NOT NULL,
    va INTEGER NOT NULL,
    mapped INTEGER NOT NULL,
    mapping_va INTEGER,
    mapping_pa INTEGER,
    mapping_size_lg2 INTEGER,
    mapping_attributes INTEGER,
    mappings INTEGER,
    digest INTEGER,
    sound INTEGER,
    reason TEXT,
    blocks INTEGER,
    blocks_digest INTEGER
) STRICT;

CREATE TABLE table_blocks (
    event INTEGER PRIMARY KEY,
    cycle INTEGER NOT NULL,
    core INTEGER NOT NULL,
    operation INTEGER,
    space INTEGER NOT NULL,
    pa INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    released INTEGER NOT NULL
) STRICT;

CREATE TABLE counters (
    counter INTEGER PRIMARY KEY,
    region INTEGER NOT NULL,
    core INTEGER,
    name TEXT NOT NULL,
    value INTEGER NOT NULL
) STRICT;

CREATE TABLE histograms (
    bucket INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    low INTEGER NOT NULL,
    high INTEGER NOT NULL,
    count INTEGER NOT NULL
) STRICT;

CREATE TABLE instructions (
    instruction INTEGER PRIMARY KEY,
    pc INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    text TEXT NOT NULL,
    class TEXT NOT NULL,
    count INTEGER NOT NULL
) STRICT;

CREATE TABLE plugins (
    plugin INTEGER PRIMARY KEY,
    page_table TEXT NOT NULL,
    format TEXT,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL
) STRICT;

CREATE TABLE checker_findings (
    finding INTEGER PRIMARY KEY,
    rule TEXT NOT NULL,
    cycle INTEGER,
    core INTEGER,
    space INTEGER,
    va INTEGER,
    text TEXT NOT NULL,
    related TEXT
) STRICT;
