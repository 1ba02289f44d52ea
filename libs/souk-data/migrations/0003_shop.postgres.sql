-- Whose database this is, and how far it has come: compared with the data folder's shop.json at every start.
CREATE TABLE souk_shop (
    one     BIGINT PRIMARY KEY CHECK (one = 1),
    shop    TEXT NOT NULL,
    epoch   BIGINT NOT NULL,
    reserve BYTEA
);

INSERT INTO souk_shop (one, shop, epoch) VALUES (1, '', 0);
