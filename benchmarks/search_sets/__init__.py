"""Questions about 34,267 real records of data.go.kr for `datamoa evaluate`."""
