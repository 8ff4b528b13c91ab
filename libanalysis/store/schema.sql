-- Results of a zoo run. Version 1 (PRAGMA user_version). Times are UTC, hashes SHA-256 in hexadecimal.

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);                 -- value: JSON

CREATE TABLE runs (id INTEGER PRIMARY KEY, provenance TEXT NOT NULL UNIQUE);   -- JSON: tool, options, host, times

CREATE TABLE models (
    path         TEXT PRIMARY KEY,          -- relative to the zoo
    content      TEXT NOT NULL,             -- hash of the checkpoint (with its architecture file), '' while unknown
    init_path    TEXT NOT NULL,
    init_content TEXT NOT NULL,
    status       TEXT NOT NULL CHECK (status IN ('pending', 'ok', 'failed', 'not_a_model')),
    error_kind   TEXT NOT NULL,
    reason       TEXT NOT NULL,
    attempts     INTEGER NOT NULL,
    seconds      REAL NOT NULL,
    attempt      TEXT NOT NULL,             -- what a failed attempt was made of
    config       TEXT NOT NULL,             -- JSON
    metrics      TEXT NOT NULL,             -- JSON
    facts        TEXT NOT NULL              -- JSON
);
CREATE INDEX models_by_content ON models (content);

-- One number, array or reason. Numbers have no column affinity, so that SQLite keeps every bit (a REAL column loses the sign of -0).
CREATE TABLE results (
    id         INTEGER PRIMARY KEY,
    model      TEXT NOT NULL,
    init       TEXT NOT NULL,
    data       TEXT NOT NULL,
    measure    TEXT NOT NULL,
    version    INTEGER NOT NULL,
    convention TEXT NOT NULL,
    parameters TEXT NOT NULL,
    objective  TEXT NOT NULL,
    layer      TEXT NOT NULL,
    precision  TEXT NOT NULL,
    seed       INTEGER NOT NULL,            -- the 64 bits, signed
    kind       TEXT NOT NULL CHECK (kind IN ('none', 'scalar', 'nan', 'array')),
    number,                                 -- scalar
    numbers    BLOB,                        -- array: float64, little-endian
    standard_error,
    status     TEXT NOT NULL,               -- ok, missing, or a word for why
    reason     TEXT NOT NULL,
    seconds    REAL NOT NULL,
    device     TEXT NOT NULL,               -- 'cpu', or 'cuda: ' with device, driver and libraries
    instruction_set TEXT NOT NULL
);
CREATE UNIQUE INDEX results_by_key ON results
    (model, measure, layer, convention, parameters, data, init, objective, version, precision, seed);

-- What is done: a key of everything that the numbers of one request for one model depend on.
CREATE TABLE work (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, request TEXT NOT NULL);
CREATE TABLE work_results (work INTEGER NOT NULL, result INTEGER NOT NULL, PRIMARY KEY (work, result)) WITHOUT ROWID;
CREATE INDEX work_results_by_result ON work_results (result);

-- Which work answers a request for a model now.
CREATE TABLE current (path TEXT NOT NULL, request TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (path, request)) WITHOUT ROWID;
CREATE INDEX current_by_key ON current (key);

-- Files seen: unchanged ones need not be hashed again.
CREATE TABLE files (path TEXT PRIMARY KEY, signature TEXT NOT NULL, content TEXT NOT NULL, size INTEGER NOT NULL) WITHOUT ROWID;
