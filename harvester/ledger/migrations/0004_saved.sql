-- What conditional requests and shared downloads spared a job.

ALTER TABLE job ADD COLUMN saved_requests {long} NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN saved_bytes {long} NOT NULL DEFAULT 0;
