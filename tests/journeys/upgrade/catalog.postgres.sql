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
CREATE TABLE public.default_prices (
    variant_id bytea NOT NULL,
    currency_code text NOT NULL COLLATE pg_catalog."C",
    price_id bytea NOT NULL,
    change_time bigint NOT NULL
);
CREATE TABLE public.prices (
    price_id bytea NOT NULL,
    variant_id bytea NOT NULL,
    currency_code text NOT NULL COLLATE pg_catalog."C",
    minor_units bigint NOT NULL,
    archive_time bigint,
    create_time bigint NOT NULL,
    effective_time bigint NOT NULL,
    CONSTRAINT prices_minor_units_check CHECK (((minor_units >= 0) AND (minor_units <= '1000000000000'::bigint)))
);
CREATE TABLE public.products (
    product_id bytea NOT NULL,
    title text NOT NULL,
    title_key bytea NOT NULL,
    description text NOT NULL,
    state bigint NOT NULL,
    labels text NOT NULL,
    external_key text,
    version bigint NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    CONSTRAINT products_state_check CHECK (((state >= 1) AND (state <= 3))),
    CONSTRAINT products_version_check CHECK ((version >= 1))
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
CREATE TABLE public.variants (
    variant_id bytea NOT NULL,
    product_id bytea NOT NULL,
    sku text NOT NULL COLLATE pg_catalog."C",
    title text NOT NULL,
    attributes text NOT NULL,
    version bigint NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    CONSTRAINT variants_version_check CHECK ((version >= 1))
);
INSERT INTO public.default_prices VALUES ('\xd3d1c2d0fa5d5aff8a99c35a905ef0fd', 'GBP', '\xe318d49c08a252f5b88f20be442758bb', 1795961034030869);
INSERT INTO public.default_prices VALUES ('\x1d212452984057e8a17885b7978f7065', 'GBP', '\xe518fae97649549bb922ee9ac9e88305', 1795961034030869);
INSERT INTO public.default_prices VALUES ('\xc40c0c77bf23558db1e735ddc4d8cfaf', 'GBP', '\xf75a2932dd2e5a8890e2d0ebbe4fb701', 1795961034030869);
INSERT INTO public.default_prices VALUES ('\x78f9485f317657bfa25de94812667151', 'GBP', '\x84b2dc0c49985054aaa2f4daa295e695', 1795961034030869);
INSERT INTO public.default_prices VALUES ('\x2ff0f0ea0ea7522c86b8a9bb37f943fd', 'GBP', '\x884c345a55c55a6eae887f2ad8e9fb77', 1795961034030869);
INSERT INTO public.default_prices VALUES ('\xc95bb07cb53c5b9c99610d98e6c13428', 'GBP', '\xb2732258d8d052859c8b5ba8789cefb9', 1795961034030869);
INSERT INTO public.default_prices VALUES ('\x84ff0df9eb675bed8b0244ffed5eb222', 'GBP', '\xd694cef6795d5cf4ae1fcf8923aeb10d', 1795961034030869);
INSERT INTO public.default_prices VALUES ('\x2cc5a60a75fa53e4a6b64bec7e7c8d56', 'GBP', '\x0f3c7f27d58e5f4495d52cbb4e0abb30', 1795961034030869);
INSERT INTO public.prices VALUES ('\xe318d49c08a252f5b88f20be442758bb', '\xd3d1c2d0fa5d5aff8a99c35a905ef0fd', 'GBP', 255, NULL, 1795961034030869, 1291195920000000);
INSERT INTO public.prices VALUES ('\xe518fae97649549bb922ee9ac9e88305', '\x1d212452984057e8a17885b7978f7065', 'GBP', 345, NULL, 1795961034030869, 1291195920000000);
INSERT INTO public.prices VALUES ('\xf75a2932dd2e5a8890e2d0ebbe4fb701', '\xc40c0c77bf23558db1e735ddc4d8cfaf', 'GBP', 185, NULL, 1795961034030869, 1291192080000000);
INSERT INTO public.prices VALUES ('\x84b2dc0c49985054aaa2f4daa295e695', '\x78f9485f317657bfa25de94812667151', 'GBP', 185, NULL, 1795961034030869, 1291192080000000);
INSERT INTO public.prices VALUES ('\x884c345a55c55a6eae887f2ad8e9fb77', '\x2ff0f0ea0ea7522c86b8a9bb37f943fd', 'GBP', 210, NULL, 1795961034030869, 1291647780000000);
INSERT INTO public.prices VALUES ('\xb2732258d8d052859c8b5ba8789cefb9', '\xc95bb07cb53c5b9c99610d98e6c13428', 'GBP', 495, NULL, 1795961034030869, 1291197420000000);
INSERT INTO public.prices VALUES ('\xd694cef6795d5cf4ae1fcf8923aeb10d', '\x84ff0df9eb675bed8b0244ffed5eb222', 'GBP', 165, NULL, 1795961034030869, 1291197420000000);
INSERT INTO public.prices VALUES ('\x0f3c7f27d58e5f4495d52cbb4e0abb30', '\x2cc5a60a75fa53e4a6b64bec7e7c8d56', 'GBP', 165, NULL, 1795961034030869, 1291197420000000);
INSERT INTO public.products VALUES ('\xc5cc47eba5d65600bc7a24685e465196', 'RED HANGING HEART T-LIGHT HOLDER', '\x7265642068616e67696e6720686561727420742d6c6967687420686f6c646572', '', 2, '{}', '21733', 1, 1795961034030869, 1795961034030869);
INSERT INTO public.products VALUES ('\x5c378015835e542fb469123f8a5109bb', 'HOT WATER BOTTLE TEA AND SYMPATHY', '\x686f7420776174657220626f74746c652074656120616e642073796d7061746879', '', 2, '{}', '22114', 1, 1795961034030869, 1795961034030869);
INSERT INTO public.products VALUES ('\x5b83941ba87a5955b374b197a05f14cb', 'HAND WARMER RED POLKA DOT', '\x68616e64207761726d65722072656420706f6c6b6120646f74', '', 2, '{}', '22632', 1, 1795961034030869, 1795961034030869);
INSERT INTO public.products VALUES ('\x8a58004ef5ae556cb15466790743fc36', 'HAND WARMER UNION JACK', '\x68616e64207761726d657220756e696f6e206a61636b', '', 2, '{}', '22633', 1, 1795961034030869, 1795961034030869);
INSERT INTO public.products VALUES ('\x58f4546b93b75a86ba1e0b82da2538ee', 'HAND WARMER BABUSHKA DESIGN', '\x68616e64207761726d6572206261627573686b612064657369676e', '', 2, '{}', '22834', 1, 1795961034030869, 1795961034030869);
INSERT INTO public.products VALUES ('\x61f8732efb215e818f67c7786d91c0c6', 'WHITE WIRE EGG HOLDER', '\x776869746520776972652065676720686f6c646572', '', 2, '{}', '84880', 1, 1795961034030869, 1795961034030869);
INSERT INTO public.products VALUES ('\x177ff5730f4f53fd9005d8d2915d41c8', 'JUMBO BAG RED RETROSPOT', '\x6a756d626f206261672072656420726574726f73706f74', '', 2, '{}', '85099B', 1, 1795961034030869, 1795961034030869);
INSERT INTO public.products VALUES ('\x7c23f857bf015cbd99fb8bc5bacebf8d', 'JUMBO  BAG BAROQUE BLACK WHITE', '\x6a756d626f2020626167206261726f71756520626c61636b207768697465', '', 2, '{}', '85099C', 1, 1795961034030869, 1795961034030869);
INSERT INTO public.souk_keys VALUES ('page', '\xe8e2fa7ce4ea485086fa6133bb47ad28184254b453fa4a449c30605cbfec819c');
INSERT INTO public.souk_migrations VALUES ('souk-data', 1, 'requests, outbox, inbox, keys', '478c18d5f0ab76731374ee7f012c429414dba0f8f01a2b0fe1bcbd125eee5504', 1795961032774643);
INSERT INTO public.souk_migrations VALUES ('souk-data', 2, 'relay', '616e3523c06d0bf710b962c38f8875581190ca09a0ecce61ee9b6b7f31b5fc43', 1795961032774643);
INSERT INTO public.souk_migrations VALUES ('souk-data', 3, 'shop', '141f78a51c3b5dd400423af0c4482f0a4f8a23ca65884d5c3ca5d7541bf01989', 1795961032774643);
INSERT INTO public.souk_migrations VALUES ('catalog', 1, 'catalog', '1d4e33e2377169f1042ae3c74438952ea88cb0f4e400a1bd6ee847611321ec68', 1795961032774643);
INSERT INTO public.souk_relay VALUES ('outbox', 'catalog-3fee7160aa0b4d83', 0);
INSERT INTO public.souk_shop VALUES (1, 'shop_9643c1fe8ba2cfb54ced9fe605261c9f', 1, NULL);
INSERT INTO public.variants VALUES ('\xd3d1c2d0fa5d5aff8a99c35a905ef0fd', '\xc5cc47eba5d65600bc7a24685e465196', '21733', '', '{}', 1, 1795961034030869, 1795961034030869);
INSERT INTO public.variants VALUES ('\x1d212452984057e8a17885b7978f7065', '\x5c378015835e542fb469123f8a5109bb', '22114', '', '{}', 1, 1795961034030869, 1795961034030869);
INSERT INTO public.variants VALUES ('\xc40c0c77bf23558db1e735ddc4d8cfaf', '\x5b83941ba87a5955b374b197a05f14cb', '22632', '', '{}', 1, 1795961034030869, 1795961034030869);
INSERT INTO public.variants VALUES ('\x78f9485f317657bfa25de94812667151', '\x8a58004ef5ae556cb15466790743fc36', '22633', '', '{}', 1, 1795961034030869, 1795961034030869);
INSERT INTO public.variants VALUES ('\x2ff0f0ea0ea7522c86b8a9bb37f943fd', '\x58f4546b93b75a86ba1e0b82da2538ee', '22834', '', '{}', 1, 1795961034030869, 1795961034030869);
INSERT INTO public.variants VALUES ('\xc95bb07cb53c5b9c99610d98e6c13428', '\x61f8732efb215e818f67c7786d91c0c6', '84880', '', '{}', 1, 1795961034030869, 1795961034030869);
INSERT INTO public.variants VALUES ('\x84ff0df9eb675bed8b0244ffed5eb222', '\x177ff5730f4f53fd9005d8d2915d41c8', '85099B', '', '{}', 1, 1795961034030869, 1795961034030869);
INSERT INTO public.variants VALUES ('\x2cc5a60a75fa53e4a6b64bec7e7c8d56', '\x7c23f857bf015cbd99fb8bc5bacebf8d', '85099C', '', '{}', 1, 1795961034030869, 1795961034030869);
SELECT pg_catalog.setval('public.souk_inbox_seq_seq', 1, false);
SELECT pg_catalog.setval('public.souk_outbox_seq_seq', 24, true);
SELECT pg_catalog.setval('public.souk_requests_seq_seq', 1, false);
ALTER TABLE ONLY public.default_prices
    ADD CONSTRAINT default_prices_pkey PRIMARY KEY (variant_id, currency_code);
ALTER TABLE ONLY public.prices
    ADD CONSTRAINT prices_pkey PRIMARY KEY (price_id);
ALTER TABLE ONLY public.products
    ADD CONSTRAINT products_external_key_key UNIQUE (external_key);
ALTER TABLE ONLY public.products
    ADD CONSTRAINT products_pkey PRIMARY KEY (product_id);
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
ALTER TABLE ONLY public.variants
    ADD CONSTRAINT variants_pkey PRIMARY KEY (variant_id);
ALTER TABLE ONLY public.variants
    ADD CONSTRAINT variants_sku_key UNIQUE (sku);
CREATE INDEX prices_of_variant ON public.prices USING btree (variant_id, effective_time, price_id);
CREATE INDEX products_by_title ON public.products USING btree (title_key, product_id);
CREATE INDEX variants_of_product ON public.variants USING btree (product_id, sku);
CREATE TRIGGER prices_no_delete BEFORE DELETE ON public.prices FOR EACH ROW EXECUTE FUNCTION public.souk_refuse_change();
CREATE TRIGGER prices_no_truncate BEFORE TRUNCATE ON public.prices FOR EACH STATEMENT EXECUTE FUNCTION public.souk_refuse_change();
CREATE TRIGGER prices_no_update BEFORE UPDATE ON public.prices FOR EACH ROW WHEN (((new.price_id <> old.price_id) OR (new.variant_id <> old.variant_id) OR (new.currency_code <> old.currency_code) OR (new.minor_units <> old.minor_units) OR (new.create_time <> old.create_time) OR (new.effective_time <> old.effective_time) OR (old.archive_time IS NOT NULL))) EXECUTE FUNCTION public.souk_refuse_change();
ALTER TABLE ONLY public.default_prices
    ADD CONSTRAINT default_prices_price_id_fkey FOREIGN KEY (price_id) REFERENCES public.prices(price_id);
ALTER TABLE ONLY public.default_prices
    ADD CONSTRAINT default_prices_variant_id_fkey FOREIGN KEY (variant_id) REFERENCES public.variants(variant_id);
ALTER TABLE ONLY public.prices
    ADD CONSTRAINT prices_variant_id_fkey FOREIGN KEY (variant_id) REFERENCES public.variants(variant_id);
ALTER TABLE ONLY public.variants
    ADD CONSTRAINT variants_product_id_fkey FOREIGN KEY (product_id) REFERENCES public.products(product_id);
