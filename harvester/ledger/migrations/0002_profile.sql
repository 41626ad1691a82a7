-- What the properties of each record and each job show, and the updates that a held job keeps back.

ALTER TABLE record ADD COLUMN found {long};
ALTER TABLE record ADD COLUMN covered {long};
ALTER TABLE record ADD COLUMN covered_before {long};
ALTER TABLE record ADD COLUMN mapped_in {long};

ALTER TABLE job ADD COLUMN profile TEXT;
ALTER TABLE job ADD COLUMN deviations TEXT;
ALTER TABLE job ADD COLUMN withheld {long} NOT NULL DEFAULT 0;

CREATE TABLE withheld (
    record {long} NOT NULL PRIMARY KEY,
    job {long} NOT NULL,
    content_hash {bytes} NOT NULL,
    content {bytes} NOT NULL
);
