-- By what datasets of several sources are recognised as the same one.

ALTER TABLE record ADD COLUMN doors {bytes};

CREATE TABLE door (
    key {long} NOT NULL,
    record {long} NOT NULL,
    PRIMARY KEY (key, record)
) {clustered};
