-- Whose database this is, and how far it has come: compared with the folder's shop.json at every start.
CREATE TABLE souk_shop (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    shop    TEXT NOT NULL,
    epoch   INTEGER NOT NULL,
    reserve BLOB
) STRICT;

INSERT INTO souk_shop (one, shop, epoch) VALUES (1, '', 0);
