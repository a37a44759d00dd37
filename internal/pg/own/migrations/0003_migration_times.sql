-- When the row in the table of versions was made. Postgres counts the rows of a truncated or recreated table from 1 again, so that "row_id"
-- alone may be that of a newer row. It is null in rows of earlier releases.
ALTER TABLE krowoc.migrations ADD COLUMN tstamp timestamp;
