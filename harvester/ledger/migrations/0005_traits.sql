-- What records of a source have beside DCAT's properties, and how often a job was taken up again.

CREATE TABLE trait (
    source {long} NOT NULL,
    place INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (source, place)
);

ALTER TABLE record ADD COLUMN traits {long} NOT NULL DEFAULT 0;
ALTER TABLE record ADD COLUMN traits_before {long} NOT NULL DEFAULT 0;

ALTER TABLE job ADD COLUMN resumed {long} NOT NULL DEFAULT 0;
