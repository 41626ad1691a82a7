-- {key}: an integer primary key that counts up; {long}: 64 bits; {bytes}: binary; {clustered}: rows stand in the order of
-- their primary key where the database can do that. `harvester.ledger.dialect` fills them in.
-- What the columns mean stands in `harvester.ledger.schema`.

CREATE TABLE identity (id TEXT NOT NULL PRIMARY KEY, created {long} NOT NULL);

CREATE TABLE feed (one SMALLINT NOT NULL PRIMARY KEY CHECK (one = 1), last {long} NOT NULL);

CREATE TABLE source (
    key {key},
    name TEXT NOT NULL UNIQUE,
    records {long} NOT NULL,
    live {long} NOT NULL CHECK (live >= 0),
    lease {long} NOT NULL,
    holder TEXT,
    lease_until {long}
);

CREATE TABLE job (
    id {key},
    source {long} NOT NULL,
    whole BOOLEAN NOT NULL,
    limited BOOLEAN NOT NULL,
    fingerprint TEXT NOT NULL,
    started {long} NOT NULL,
    since {long},
    first_seq {long} NOT NULL,
    live_before {long} NOT NULL,
    cursor TEXT,
    listing_ended BOOLEAN NOT NULL,
    declared_total {long},
    listed {long} NOT NULL,
    seen {long} NOT NULL,
    created {long} NOT NULL,
    updated {long} NOT NULL,
    unchanged {long} NOT NULL,
    rejected {long} NOT NULL,
    deleted {long} NOT NULL,
    duplicate {long} NOT NULL,
    failed {long} NOT NULL,
    missing {long} NOT NULL,
    removed {long} NOT NULL,
    lost_details {long} NOT NULL,
    requests {long} NOT NULL,
    bytes {long} NOT NULL,
    seconds DOUBLE PRECISION NOT NULL,
    verdict TEXT,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    finished {long},
    accepted {long},
    undone {long},
    CHECK (listed = seen + failed),
    CHECK (seen = created + updated + unchanged + rejected + deleted + duplicate)
);
CREATE INDEX job_source ON job (source, id);

CREATE TABLE record (
    key {long} NOT NULL PRIMARY KEY,
    source {long} NOT NULL,
    identifier TEXT NOT NULL,
    dataset_id TEXT NOT NULL UNIQUE,
    payload_hash {bytes} NOT NULL,
    mapping_version TEXT NOT NULL,
    revision TEXT,
    parts SMALLINT NOT NULL,
    rejected BOOLEAN NOT NULL,
    landing_page TEXT,
    counters TEXT,
    unread {long},
    first_seen {long} NOT NULL,
    first_job {long} NOT NULL,
    UNIQUE (source, identifier)
);

CREATE TABLE sighting (
    record {long} NOT NULL PRIMARY KEY,
    job {long} NOT NULL,
    outcome SMALLINT NOT NULL,
    seen {long} NOT NULL,
    missing {long}
);

CREATE TABLE part (
    record {long} NOT NULL,
    name TEXT NOT NULL,
    place SMALLINT NOT NULL,
    format TEXT NOT NULL,
    payload_hash {bytes} NOT NULL,
    revision TEXT,
    payload {bytes} NOT NULL,
    PRIMARY KEY (record, name)
);

CREATE TABLE past_part (
    key {key},
    record {long} NOT NULL,
    name TEXT NOT NULL,
    format TEXT NOT NULL,
    payload {bytes} NOT NULL,
    replaced {long} NOT NULL
);
CREATE INDEX past_part_record ON past_part (record, name, key);

CREATE TABLE dataset (
    record {long} NOT NULL PRIMARY KEY,
    seq {long} NOT NULL,
    content_seq {long} NOT NULL,
    content_hash {bytes} NOT NULL,
    changed {long} NOT NULL
);

CREATE TABLE version (
    seq {long} NOT NULL PRIMARY KEY,
    record {long} NOT NULL,
    job {long},
    cause TEXT NOT NULL,
    recorded {long} NOT NULL,
    content_hash {bytes},
    content {bytes}
);
CREATE INDEX version_record ON version (record, seq);

CREATE TABLE record_issue (
    record {long} NOT NULL PRIMARY KEY,
    job {long} NOT NULL,
    found TEXT NOT NULL,
    failed TEXT NOT NULL
);
CREATE INDEX record_issue_job ON record_issue (job, record);

CREATE TABLE issue_count (
    job {long} NOT NULL,
    severity TEXT NOT NULL,
    code TEXT NOT NULL,
    number {long} NOT NULL,
    PRIMARY KEY (job, severity, code)
);

CREATE TABLE stray (
    key {key},
    job {long} NOT NULL,
    kind TEXT NOT NULL,
    identifier TEXT,
    format TEXT,
    payload {bytes},
    issue TEXT NOT NULL
);
CREATE INDEX stray_job ON stray (job, key);

CREATE TABLE pending (
    place {key},
    job {long} NOT NULL,
    record {long} NOT NULL UNIQUE,
    revision TEXT,
    wanted TEXT NOT NULL
);
CREATE INDEX pending_job ON pending (job, place);

CREATE TABLE unread_fields (
    key {key},
    source {long} NOT NULL,
    fields TEXT NOT NULL,
    UNIQUE (source, fields)
);

CREATE TABLE set_aside (
    index_name TEXT NOT NULL,
    id TEXT NOT NULL,
    seq {long} NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (index_name, id)
);

INSERT INTO feed (one, last) VALUES (1, 0);
