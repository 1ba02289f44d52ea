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
CREATE TABLE public.charges (
    payment_id bytea NOT NULL,
    currency_code text NOT NULL,
    method text,
    state bigint NOT NULL,
    held_minor bigint DEFAULT 0 NOT NULL,
    captured_minor bigint DEFAULT 0 NOT NULL,
    refunded_minor bigint DEFAULT 0 NOT NULL,
    fees_minor bigint DEFAULT 0 NOT NULL,
    operations bigint DEFAULT 0 NOT NULL,
    create_time bigint NOT NULL,
    decision bigint,
    CONSTRAINT charges_check CHECK ((refunded_minor <= captured_minor)),
    CONSTRAINT charges_decision_check CHECK ((decision = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT charges_fees_minor_check CHECK ((fees_minor >= 0)),
    CONSTRAINT charges_held_minor_check CHECK ((held_minor >= 0)),
    CONSTRAINT charges_refunded_minor_check CHECK ((refunded_minor >= 0)),
    CONSTRAINT charges_state_check CHECK (((state >= 1) AND (state <= 4)))
);
CREATE TABLE public.lost_requests (
    operation_key bytea NOT NULL
);
CREATE TABLE public.operations (
    operation_key bytea NOT NULL,
    payment_id bytea NOT NULL,
    operation bigint NOT NULL,
    amount_minor bigint NOT NULL,
    answer bigint NOT NULL,
    fee_minor bigint NOT NULL,
    decline text,
    is_retryable bigint NOT NULL,
    action_url text,
    create_time bigint NOT NULL,
    CONSTRAINT operations_answer_check CHECK (((answer >= 1) AND (answer <= 3))),
    CONSTRAINT operations_operation_check CHECK (((operation >= 1) AND (operation <= 5)))
);
CREATE TABLE public.scripts (
    script_number bigint NOT NULL,
    method text,
    payment_id bytea,
    operation bigint,
    outcome bigint NOT NULL,
    CONSTRAINT scripts_check CHECK (((method IS NULL) <> (payment_id IS NULL)))
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
INSERT INTO public.charges VALUES ('\x01a2279e958a8c78989e99ebca75a58d', 'GBP', 'tok_approved', 4, 0, 32880, 0, 0, 2, 1795961034281722, NULL);
INSERT INTO public.charges VALUES ('\x01a2279e95ac8b6db269a72c156f6dc8', 'GBP', 'tok_approved', 4, 0, 50820, 0, 0, 2, 1795961034259982, NULL);
INSERT INTO public.charges VALUES ('\x01a2279e95918034b6fa6a62a0ebb43a', 'GBP', 'tok_approved', 4, 0, 2220, 0, 0, 2, 1795961034278190, NULL);
INSERT INTO public.charges VALUES ('\x01a2279e95878075b3e86fe1645c7930', 'GBP', 'tok_approved', 4, 0, 15120, 15120, 0, 3, 1795961034259851, NULL);
INSERT INTO public.charges VALUES ('\x01a2279e978c84fd89365ffa43220229', 'GBP', 'tok_approved', 4, 0, 2220, 0, 0, 2, 1795961034674437, NULL);
INSERT INTO public.charges VALUES ('\x01a2279e985582adb46c2a8ce8e43500', 'GBP', 'tok_approved', 4, 0, 2220, 0, 0, 2, 1795961034890722, NULL);
INSERT INTO public.operations VALUES ('\x01a2279e95ac8e87a12216b19717d89b', '\x01a2279e95ac8b6db269a72c156f6dc8', 1, 50820, 1, 0, NULL, 0, NULL, 1795961034259982);
INSERT INTO public.operations VALUES ('\x01a2279e95878167bc0a2c21f9daaa46', '\x01a2279e95878075b3e86fe1645c7930', 1, 15120, 1, 0, NULL, 0, NULL, 1795961034259851);
INSERT INTO public.operations VALUES ('\x01a2279e958a8cf69e2ad3ee42c3ee3b', '\x01a2279e958a8c78989e99ebca75a58d', 1, 32880, 1, 0, NULL, 0, NULL, 1795961034281722);
INSERT INTO public.operations VALUES ('\x01a2279e95918bf4a75ff35b4b42cf60', '\x01a2279e95918034b6fa6a62a0ebb43a', 1, 2220, 1, 0, NULL, 0, NULL, 1795961034278190);
INSERT INTO public.operations VALUES ('\x01a2279e958a889a8c00cacba0ebebb4', '\x01a2279e958a8c78989e99ebca75a58d', 3, 32880, 1, 0, NULL, 0, NULL, 1795961034393423);
INSERT INTO public.operations VALUES ('\x01a2279e95ac8aea8aca1c01284c5805', '\x01a2279e95ac8b6db269a72c156f6dc8', 3, 50820, 1, 0, NULL, 0, NULL, 1795961034397150);
INSERT INTO public.operations VALUES ('\x01a2279e959187ba9d29471f388fcb8d', '\x01a2279e95918034b6fa6a62a0ebb43a', 3, 2220, 1, 0, NULL, 0, NULL, 1795961034422666);
INSERT INTO public.operations VALUES ('\x01a2279e958780929a3b4cdc64d50c9a', '\x01a2279e95878075b3e86fe1645c7930', 3, 15120, 1, 0, NULL, 0, NULL, 1795961034397990);
INSERT INTO public.operations VALUES ('\x01a2279e95878ed48a01d3e7072c7bf1', '\x01a2279e95878075b3e86fe1645c7930', 5, 15120, 1, 0, NULL, 0, NULL, 1795961034592047);
INSERT INTO public.operations VALUES ('\x01a2279e978c8567b2c0f177e06caf82', '\x01a2279e978c84fd89365ffa43220229', 1, 2220, 1, 0, NULL, 0, NULL, 1795961034674437);
INSERT INTO public.operations VALUES ('\x01a2279e978c855d86358bddfbbaae21', '\x01a2279e978c84fd89365ffa43220229', 3, 2220, 1, 0, NULL, 0, NULL, 1795961034742698);
INSERT INTO public.operations VALUES ('\x01a2279e985584fca4c7976c38c9e7d4', '\x01a2279e985582adb46c2a8ce8e43500', 1, 2220, 1, 0, NULL, 0, NULL, 1795961034890722);
INSERT INTO public.operations VALUES ('\x01a2279e985588fead8a748ce35d25ce', '\x01a2279e985582adb46c2a8ce8e43500', 3, 2220, 1, 0, NULL, 0, NULL, 1795961034953346);
INSERT INTO public.souk_keys VALUES ('page', '\xa06107e0353e4652b7bf160d0a2ef134d7b22c965d0845ca96fdc3aff77e3084');
INSERT INTO public.souk_migrations VALUES ('souk-data', 1, 'requests, outbox, inbox, keys', '478c18d5f0ab76731374ee7f012c429414dba0f8f01a2b0fe1bcbd125eee5504', 1795961033414517);
INSERT INTO public.souk_migrations VALUES ('souk-data', 2, 'relay', '616e3523c06d0bf710b962c38f8875581190ca09a0ecce61ee9b6b7f31b5fc43', 1795961033414517);
INSERT INTO public.souk_migrations VALUES ('souk-data', 3, 'shop', '141f78a51c3b5dd400423af0c4482f0a4f8a23ca65884d5c3ca5d7541bf01989', 1795961033414517);
INSERT INTO public.souk_migrations VALUES ('payments-simulator', 1, 'simulator', '7591e3bae1caca1f7e500a148e384a38b1312adcfd5821363c56292fa87b671c', 1795961033414517);
INSERT INTO public.souk_migrations VALUES ('payments-simulator', 2, 'decision', '569058f3bf8e81b989450c89a3f28f8c07e4803f2ee9cebeb839d40ffbc6463b', 1795961033414517);
INSERT INTO public.souk_relay VALUES ('outbox', '', 0);
INSERT INTO public.souk_shop VALUES (1, 'shop_9643c1fe8ba2cfb54ced9fe605261c9f', 1, NULL);
SELECT pg_catalog.setval('public.souk_inbox_seq_seq', 1, false);
SELECT pg_catalog.setval('public.souk_outbox_seq_seq', 1, false);
SELECT pg_catalog.setval('public.souk_requests_seq_seq', 1, false);
ALTER TABLE ONLY public.charges
    ADD CONSTRAINT charges_pkey PRIMARY KEY (payment_id);
ALTER TABLE ONLY public.lost_requests
    ADD CONSTRAINT lost_requests_pkey PRIMARY KEY (operation_key);
ALTER TABLE ONLY public.operations
    ADD CONSTRAINT operations_pkey PRIMARY KEY (operation_key);
ALTER TABLE ONLY public.scripts
    ADD CONSTRAINT scripts_pkey PRIMARY KEY (script_number);
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
CREATE TRIGGER operations_are_append_only BEFORE DELETE OR UPDATE ON public.operations FOR EACH ROW EXECUTE FUNCTION public.souk_refuse_change();
