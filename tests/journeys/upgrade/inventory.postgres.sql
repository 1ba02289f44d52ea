CREATE FUNCTION public.souk_now() RETURNS bigint
    LANGUAGE sql
    AS $$
    SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint
$$;
CREATE FUNCTION public.souk_refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME;
END
$$;
CREATE TABLE public.location (
    location_id text NOT NULL COLLATE pg_catalog."C",
    title text NOT NULL,
    create_time bigint NOT NULL
);
CREATE TABLE public.movement (
    number bigint NOT NULL,
    movement_id bytea NOT NULL,
    sku text NOT NULL COLLATE pg_catalog."C",
    location_id text NOT NULL COLLATE pg_catalog."C",
    kind bigint NOT NULL,
    on_hand_change bigint NOT NULL,
    reserved_change bigint NOT NULL,
    reservation_id bytea,
    create_time bigint NOT NULL,
    effective_time bigint NOT NULL,
    note text NOT NULL,
    CONSTRAINT movement_kind_check CHECK (((kind >= 1) AND (kind <= 7))),
    CONSTRAINT movement_movement_id_check CHECK ((length(movement_id) = 16))
);
ALTER TABLE public.movement ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.movement_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.reservation (
    number bigint NOT NULL,
    reservation_id bytea NOT NULL,
    state bigint NOT NULL,
    expire_time bigint NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    order_id bytea,
    effective_time bigint,
    CONSTRAINT reservation_order_id_check CHECK ((octet_length(order_id) = 16)),
    CONSTRAINT reservation_reservation_id_check CHECK ((length(reservation_id) = 16)),
    CONSTRAINT reservation_state_check CHECK (((state >= 1) AND (state <= 5)))
);
CREATE TABLE public.reservation_line (
    reservation bigint NOT NULL,
    sku text NOT NULL COLLATE pg_catalog."C",
    location_id text NOT NULL COLLATE pg_catalog."C",
    quantity bigint NOT NULL,
    returned bigint NOT NULL,
    CONSTRAINT reservation_line_check CHECK (((0 <= returned) AND (returned <= quantity))),
    CONSTRAINT reservation_line_quantity_check CHECK ((quantity > 0))
);
ALTER TABLE public.reservation ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.reservation_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.souk_inbox (
    seq bigint NOT NULL,
    consumer text NOT NULL,
    event_id bytea NOT NULL,
    created_time bigint NOT NULL
);
ALTER TABLE public.souk_inbox ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.souk_inbox_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.souk_keys (
    name text NOT NULL,
    secret bytea NOT NULL
);
CREATE TABLE public.souk_migrations (
    schema_name text NOT NULL,
    version bigint NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_time bigint NOT NULL
);
CREATE TABLE public.souk_outbox (
    seq bigint NOT NULL,
    event_id bytea NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    payload bytea NOT NULL,
    created_time bigint NOT NULL,
    traceparent text,
    refused text
);
ALTER TABLE public.souk_outbox ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.souk_outbox_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.souk_relay (
    name text NOT NULL,
    owner text NOT NULL,
    until_time bigint NOT NULL
);
CREATE TABLE public.souk_requests (
    seq bigint NOT NULL,
    caller text NOT NULL,
    method text NOT NULL,
    request_id text NOT NULL,
    body_hash bytea NOT NULL,
    response bytea NOT NULL,
    created_time bigint NOT NULL
);
ALTER TABLE public.souk_requests ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.souk_requests_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.souk_shop (
    one bigint NOT NULL,
    shop text NOT NULL,
    epoch bigint NOT NULL,
    reserve bytea,
    CONSTRAINT souk_shop_one_check CHECK ((one = 1))
);
CREATE TABLE public.stock (
    sku text NOT NULL COLLATE pg_catalog."C",
    location_id text NOT NULL COLLATE pg_catalog."C",
    on_hand bigint NOT NULL,
    reserved bigint NOT NULL,
    update_time bigint NOT NULL,
    CONSTRAINT stock_is_not_over_promised CHECK (((0 <= reserved) AND (reserved <= on_hand)))
)
WITH (fillfactor='50');
INSERT INTO public.location VALUES ('main', 'Main', 1795961033000000);
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (1, '\x01a2279e95687c25a8e663cc430a041b', '21733', 'main', 1, 64, 0, NULL, 1795961034088901, 1291099093603431, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (2, '\x01a2279e95687dc0b0a2041c44a03c8f', '22114', 'main', 1, 48, 0, NULL, 1795961034088901, 1291099093603431, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (3, '\x01a2279e9569747cb7e1a59c4dcb8ddf', '22834', 'main', 1, 72, 0, NULL, 1795961034089328, 1291514244169012, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (4, '\x01a2279e956879af844d71d7448ce3a1', '22632', 'main', 1, 6, 0, NULL, 1795961034088945, 1291095893055039, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (5, '\x01a2279e9568707aa4775095476bfd3b', '22633', 'main', 1, 6, 0, NULL, 1795961034088945, 1291095893055039, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (6, '\x01a2279e956e72eb9cc51aac421d1311', '84880', 'main', 1, 36, 0, NULL, 1795961034094721, 1291147704166403, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (7, '\x01a2279e956e716c99f1d72c462f4588', '85099B', 'main', 1, 100, 0, NULL, 1795961034094721, 1291147704166403, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (8, '\x01a2279e956e7aed98b945a245117de8', '85099C', 'main', 1, 100, 0, NULL, 1795961034094721, 1291147704166403, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (9, '\x01a2279e95db7d0c95d7dbf5445c9140', '84880', 'main', 3, 0, 36, '\x01a2279e95ac8082bfcfdbe4978bef3e', 1795961034203574, 1291197420000000, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (10, '\x01a2279e95db72269932ac4e4400afa9', '85099B', 'main', 3, 0, 100, '\x01a2279e95ac8082bfcfdbe4978bef3e', 1795961034203574, 1291197420000000, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (11, '\x01a2279e95db7ce6bea8dfaa47132c6f', '85099C', 'main', 3, 0, 100, '\x01a2279e95ac8082bfcfdbe4978bef3e', 1795961034203574, 1291197420000000, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (12, '\x01a2279e95d6753994e284b84f51dbf8', '22834', 'main', 3, 0, 72, '\x01a2279e9587826eb58dd730e1d3df53', 1795961034198666, 1291647780000000, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (13, '\x01a2279e95ea75839e35db2a4dcd0f6a', '22632', 'main', 3, 0, 6, '\x01a2279e959187c88a0ed2ca4c5b1a07', 1795961034218355, 1291192080000000, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (14, '\x01a2279e95ea75e38bd9fdda40b6a046', '22633', 'main', 3, 0, 6, '\x01a2279e959187c88a0ed2ca4c5b1a07', 1795961034218355, 1291192080000000, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (15, '\x01a2279e95e57a0287f94f4141be4980', '21733', 'main', 3, 0, 64, '\x01a2279e958a8593b25622a826573395', 1795961034213274, 1291195920000000, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (16, '\x01a2279e95e5737cbe6992d043390fdc', '22114', 'main', 3, 0, 48, '\x01a2279e958a8593b25622a826573395', 1795961034213274, 1291195920000000, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (17, '\x01a2279e970b7043abe332084a88aabd', '84880', 'main', 6, -36, -36, '\x01a2279e95ac8082bfcfdbe4978bef3e', 1795961034507023, 1291197420000000, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (18, '\x01a2279e970b71fa9193410a4c6bc19b', '85099B', 'main', 6, -100, -100, '\x01a2279e95ac8082bfcfdbe4978bef3e', 1795961034507023, 1291197420000000, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (19, '\x01a2279e970b7fef9797746e459a45e3', '85099C', 'main', 6, -100, -100, '\x01a2279e95ac8082bfcfdbe4978bef3e', 1795961034507023, 1291197420000000, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (20, '\x01a2279e97087cae8449498c4b2f771f', '22834', 'main', 6, -72, -72, '\x01a2279e9587826eb58dd730e1d3df53', 1795961034504616, 1291647780000000, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (21, '\x01a2279e97207a47bb834da6466e1e01', '21733', 'main', 6, -64, -64, '\x01a2279e958a8593b25622a826573395', 1795961034528420, 1291195920000000, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (22, '\x01a2279e972079518f228cb54b5d87a2', '22114', 'main', 6, -48, -48, '\x01a2279e958a8593b25622a826573395', 1795961034528420, 1291195920000000, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (23, '\x01a2279e971c70f5959cff31414a5e24', '22632', 'main', 6, -6, -6, '\x01a2279e959187c88a0ed2ca4c5b1a07', 1795961034524374, 1291192080000000, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (24, '\x01a2279e971c7d8cab25e81646d380aa', '22633', 'main', 6, -6, -6, '\x01a2279e959187c88a0ed2ca4c5b1a07', 1795961034524374, 1291192080000000, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (25, '\x01a2279e976f70a89861aef445e28b8f', '22632', 'main', 1, 6, 0, NULL, 1795961034607638, 1291120163610722, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (26, '\x01a2279e976f76eeb03874a647ec829d', '22633', 'main', 1, 6, 0, NULL, 1795961034607638, 1291120163610722, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (27, '\x01a2279e97887bd18e3c746a4f666b5a', '22834', 'main', 7, 72, 0, '\x01a2279e9587826eb58dd730e1d3df53', 1795961034632817, 1291648020000000, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (28, '\x01a2279e979e7d24a7073f0648925d2c', '22632', 'main', 3, 0, 6, '\x01a2279e978c8b72925218d56cfe434d', 1795961034654188, 1291194060000000, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (29, '\x01a2279e979e758fa20f74d64ee0ea18', '22633', 'main', 3, 0, 6, '\x01a2279e978c8b72925218d56cfe434d', 1795961034654188, 1291194060000000, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (30, '\x01a2279e9827771bb402a6a045c82375', '22632', 'main', 6, -6, -6, '\x01a2279e978c8b72925218d56cfe434d', 1795961034791663, 1291194060000000, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (31, '\x01a2279e9827777aacb89a2843ad8106', '22633', 'main', 6, -6, -6, '\x01a2279e978c8b72925218d56cfe434d', 1795961034791663, 1291194060000000, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (32, '\x01a2279e983c79d5b216443d45e3dd70', '22632', 'main', 1, 6, 0, NULL, 1795961034812774, 1291161007626537, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (33, '\x01a2279e983c79629c7876a5421bacbf', '22633', 'main', 1, 6, 0, NULL, 1795961034812774, 1291161007626537, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (34, '\x01a2279e986d7be3865f8c474c5957a8', '22632', 'main', 3, 0, 6, '\x01a2279e98558bf682ebbbd6e57cdfa3', 1795961034861975, 1291196040000000, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (35, '\x01a2279e986d770f8eb2ab5a41fb4028', '22633', 'main', 3, 0, 6, '\x01a2279e98558bf682ebbbd6e57cdfa3', 1795961034861975, 1291196040000000, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (36, '\x01a2279e98f576498ddada1e4af08df9', '22632', 'main', 6, -6, -6, '\x01a2279e98558bf682ebbbd6e57cdfa3', 1795961034997188, 1291196040000000, '');
INSERT INTO public.movement OVERRIDING SYSTEM VALUE VALUES (37, '\x01a2279e98f57b4ea5a4cdf94ef6e358', '22633', 'main', 6, -6, -6, '\x01a2279e98558bf682ebbbd6e57cdfa3', 1795961034997188, 1291196040000000, '');
INSERT INTO public.reservation OVERRIDING SYSTEM VALUE VALUES (2, '\x01a2279e95ac8082bfcfdbe4978bef3e', 3, 1795961634203574, 1795961034203574, 1795961034507023, '\x01a2279e95ac70548e8d1d834a2fdd58', 1291197420000000);
INSERT INTO public.reservation OVERRIDING SYSTEM VALUE VALUES (1, '\x01a2279e9587826eb58dd730e1d3df53', 3, 1795961634198666, 1795961034198666, 1795961034504616, '\x01a2279e95877a41bb2317314141d5e6', 1291647780000000);
INSERT INTO public.reservation OVERRIDING SYSTEM VALUE VALUES (4, '\x01a2279e958a8593b25622a826573395', 3, 1795961634213274, 1795961034213274, 1795961034528420, '\x01a2279e958a7d8ea43920d2480f5e00', 1291195920000000);
INSERT INTO public.reservation OVERRIDING SYSTEM VALUE VALUES (3, '\x01a2279e959187c88a0ed2ca4c5b1a07', 3, 1795961634218355, 1795961034218355, 1795961034524374, '\x01a2279e95917d5a952b07b2473f451f', 1291192080000000);
INSERT INTO public.reservation OVERRIDING SYSTEM VALUE VALUES (5, '\x01a2279e978c8b72925218d56cfe434d', 3, 1795961634654188, 1795961034654188, 1795961034791663, '\x01a2279e978c7e46b0d558ea48dafa89', 1291194060000000);
INSERT INTO public.reservation OVERRIDING SYSTEM VALUE VALUES (6, '\x01a2279e98558bf682ebbbd6e57cdfa3', 3, 1795961634861975, 1795961034861975, 1795961034997188, '\x01a2279e98557f3f9a2629204796599f', 1291196040000000);
INSERT INTO public.reservation_line VALUES (2, '84880', 'main', 36, 0);
INSERT INTO public.reservation_line VALUES (2, '85099B', 'main', 100, 0);
INSERT INTO public.reservation_line VALUES (2, '85099C', 'main', 100, 0);
INSERT INTO public.reservation_line VALUES (3, '22632', 'main', 6, 0);
INSERT INTO public.reservation_line VALUES (3, '22633', 'main', 6, 0);
INSERT INTO public.reservation_line VALUES (4, '21733', 'main', 64, 0);
INSERT INTO public.reservation_line VALUES (4, '22114', 'main', 48, 0);
INSERT INTO public.reservation_line VALUES (1, '22834', 'main', 72, 72);
INSERT INTO public.reservation_line VALUES (5, '22632', 'main', 6, 0);
INSERT INTO public.reservation_line VALUES (5, '22633', 'main', 6, 0);
INSERT INTO public.reservation_line VALUES (6, '22632', 'main', 6, 0);
INSERT INTO public.reservation_line VALUES (6, '22633', 'main', 6, 0);
INSERT INTO public.souk_keys VALUES ('page', '\xecdb245121de45a2b8b811fbb792e06fbb27a40cabc74b308a2a11672526747c');
INSERT INTO public.souk_migrations VALUES ('souk-data', 1, 'requests, outbox, inbox, keys', '478c18d5f0ab76731374ee7f012c429414dba0f8f01a2b0fe1bcbd125eee5504', 1795961032954329);
INSERT INTO public.souk_migrations VALUES ('souk-data', 2, 'relay', '616e3523c06d0bf710b962c38f8875581190ca09a0ecce61ee9b6b7f31b5fc43', 1795961032954329);
INSERT INTO public.souk_migrations VALUES ('souk-data', 3, 'shop', '141f78a51c3b5dd400423af0c4482f0a4f8a23ca65884d5c3ca5d7541bf01989', 1795961032954329);
INSERT INTO public.souk_migrations VALUES ('inventory', 1, 'inventory', 'dda1f8c3e46a191027b22f2bc86884d79877d713440036b40d9337769d073b32', 1795961032954329);
INSERT INTO public.souk_migrations VALUES ('inventory', 2, 'owner', '6f1b714573aa07c2a6ac5081948aa7daa3c2d5f140772b4a59b5de2a9299c1ec', 1795961032954329);
INSERT INTO public.souk_relay VALUES ('outbox', 'inventory-eb20e0fb9f8d52b4', 0);
INSERT INTO public.souk_requests OVERRIDING SYSTEM VALUE VALUES (1, 'staff:replay', '/souk.inventory.v1.InventoryService/ReceiveStock', 'retail-537410-goods-0', '\xb1ed92f4cb76e2e9cb656856fc04422713b75183ccfffdcf75396eceef867390', '\x0a1c0a05323238333412046d61696e18482a0b08cae1b0d806108093cc2a', 1795961034112857);
INSERT INTO public.souk_requests OVERRIDING SYSTEM VALUE VALUES (2, 'staff:replay', '/souk.inventory.v1.InventoryService/ReceiveStock', 'retail-536376-goods-0', '\xa116eb72f79c01ac98e5db061eea8eeb3f19c66e1f6030ed670d876f1afcccb7', '\x0a1c0a05323137333312046d61696e18402a0b08cae1b0d80610888bb22a0a1c0a05323231313412046d61696e18302a0b08cae1b0d80610888bb22a', 1795961034113676);
INSERT INTO public.souk_requests OVERRIDING SYSTEM VALUE VALUES (3, 'staff:replay', '/souk.inventory.v1.InventoryService/ReceiveStock', 'retail-536366-goods-0', '\x5fc447c986847cdb5c325ac616263c64e68e50ae5d302eba0c08a9d23115ee02', '\x0a1c0a05323236333212046d61696e18062a0b08cae1b0d80610e8e2b42a0a1c0a05323236333312046d61696e18062a0b08cae1b0d80610e8e2b42a', 1795961034117692);
INSERT INTO public.souk_requests OVERRIDING SYSTEM VALUE VALUES (4, 'staff:replay', '/souk.inventory.v1.InventoryService/ReceiveStock', 'retail-536386-goods-0', '\xe1506d002832559be8681497695273aee8119285c702d718f227b1ce3fe69ed0', '\x0a1c0a05383438383012046d61696e18242a0b08cae1b0d80610e8a7952d0a1d0a0638353039394212046d61696e18642a0b08cae1b0d80610e8a7952d0a1d0a0638353039394312046d61696e18642a0b08cae1b0d80610e8a7952d', 1795961034147379);
INSERT INTO public.souk_requests OVERRIDING SYSTEM VALUE VALUES (5, 'staff:replay', '/souk.inventory.v1.InventoryService/ReceiveStock', 'retail-536372-goods-0', '\x38d8f9fdd78c93adc8677d7d4a88c149f3b2e50cc5c0c82ed20a2ba2c0932bb1', '\x0a1d0a05323236333212046d61696e18062a0c08cae1b0d80610f0a3dfa1020a1d0a05323236333312046d61696e18062a0c08cae1b0d80610f0a3dfa102', 1795961034628027);
INSERT INTO public.souk_requests OVERRIDING SYSTEM VALUE VALUES (6, 'service:orders', '/souk.inventory.v1.InventoryService/ReturnStock', 'refund_01m8ksx5c7harayv7kfq9dqd3w', '\x531a75f3de14aa5af502718d1f5465c303e19220dc05e26adefa8438411b1018', '\x0a89010a267265736572766174696f6e5f30316d386b73783563376739716262336571363367783771746b10031a110a05323238333412046d61696e18482048220b08a2e6b0d8061090cedd5e2a0b08cae1b0d8061090cedd5e320c08cae1b0d80610c0a8cff0013a206f726465725f30316d386b737835633766393076703872713635306d336e66364001', 1795961034644013);
INSERT INTO public.souk_requests OVERRIDING SYSTEM VALUE VALUES (7, 'staff:replay', '/souk.inventory.v1.InventoryService/ReceiveStock', 'retail-536377-goods-0', '\x78b4bda4b480766baadf9752c8241e9e2ff809312999b10a9a56cdf77de392c3', '\x0a1d0a05323236333212046d61696e18062a0c08cae1b0d80610f0e4c783030a1d0a05323236333312046d61696e18062a0c08cae1b0d80610f0e4c78303', 1795961034826498);
INSERT INTO public.souk_shop VALUES (1, 'shop_9643c1fe8ba2cfb54ced9fe605261c9f', 1, NULL);
INSERT INTO public.stock VALUES ('84880', 'main', 0, 0, 1795961034507023);
INSERT INTO public.stock VALUES ('85099B', 'main', 0, 0, 1795961034507023);
INSERT INTO public.stock VALUES ('85099C', 'main', 0, 0, 1795961034507023);
INSERT INTO public.stock VALUES ('21733', 'main', 0, 0, 1795961034528420);
INSERT INTO public.stock VALUES ('22114', 'main', 0, 0, 1795961034528420);
INSERT INTO public.stock VALUES ('22834', 'main', 72, 0, 1795961034632817);
INSERT INTO public.stock VALUES ('22632', 'main', 0, 0, 1795961034997188);
INSERT INTO public.stock VALUES ('22633', 'main', 0, 0, 1795961034997188);
SELECT pg_catalog.setval('public.movement_number_seq', 37, true);
SELECT pg_catalog.setval('public.reservation_number_seq', 6, true);
SELECT pg_catalog.setval('public.souk_inbox_seq_seq', 1, false);
SELECT pg_catalog.setval('public.souk_outbox_seq_seq', 31, true);
SELECT pg_catalog.setval('public.souk_requests_seq_seq', 7, true);
ALTER TABLE ONLY public.location
    ADD CONSTRAINT location_pkey PRIMARY KEY (location_id);
ALTER TABLE ONLY public.movement
    ADD CONSTRAINT movement_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.reservation_line
    ADD CONSTRAINT reservation_line_pkey PRIMARY KEY (reservation, sku, location_id);
ALTER TABLE ONLY public.reservation
    ADD CONSTRAINT reservation_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.reservation
    ADD CONSTRAINT reservation_reservation_id_key UNIQUE (reservation_id);
ALTER TABLE ONLY public.souk_inbox
    ADD CONSTRAINT souk_inbox_consumer_event_id_key UNIQUE (consumer, event_id);
ALTER TABLE ONLY public.souk_inbox
    ADD CONSTRAINT souk_inbox_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.souk_keys
    ADD CONSTRAINT souk_keys_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.souk_migrations
    ADD CONSTRAINT souk_migrations_pkey PRIMARY KEY (schema_name, version);
ALTER TABLE ONLY public.souk_outbox
    ADD CONSTRAINT souk_outbox_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.souk_relay
    ADD CONSTRAINT souk_relay_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.souk_requests
    ADD CONSTRAINT souk_requests_caller_method_request_id_key UNIQUE (caller, method, request_id);
ALTER TABLE ONLY public.souk_requests
    ADD CONSTRAINT souk_requests_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.souk_shop
    ADD CONSTRAINT souk_shop_pkey PRIMARY KEY (one);
ALTER TABLE ONLY public.stock
    ADD CONSTRAINT stock_pkey PRIMARY KEY (sku, location_id);
CREATE INDEX movement_by_sku ON public.movement USING btree (sku, number);
CREATE INDEX reservation_by_state ON public.reservation USING btree (state, update_time, number);
CREATE INDEX reservation_due ON public.reservation USING btree (expire_time) WHERE (state = 1);
CREATE TRIGGER movement_is_never_emptied BEFORE TRUNCATE ON public.movement FOR EACH STATEMENT EXECUTE FUNCTION public.souk_refuse_change();
CREATE TRIGGER movement_never_changes BEFORE DELETE OR UPDATE ON public.movement FOR EACH ROW EXECUTE FUNCTION public.souk_refuse_change();
