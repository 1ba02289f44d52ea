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
CREATE TABLE public.attempts (
    payment_id bytea NOT NULL,
    attempt_number bigint NOT NULL,
    kind bigint NOT NULL,
    stage bigint NOT NULL,
    amount_minor bigint NOT NULL,
    rest_minor bigint NOT NULL,
    hold_id bytea,
    makes_hold bigint NOT NULL,
    request_id text,
    asked_minor bigint,
    is_final bigint NOT NULL,
    refund_id bytea,
    fee_minor bigint DEFAULT 0 NOT NULL,
    decline text,
    is_retryable bigint DEFAULT 0 NOT NULL,
    tries bigint DEFAULT 0 NOT NULL,
    create_time bigint NOT NULL,
    effective_time bigint NOT NULL,
    CONSTRAINT attempts_amount_minor_check CHECK ((amount_minor >= 0)),
    CONSTRAINT attempts_attempt_number_check CHECK ((attempt_number >= 1)),
    CONSTRAINT attempts_kind_check CHECK (((kind >= 1) AND (kind <= 6))),
    CONSTRAINT attempts_rest_minor_check CHECK ((rest_minor >= 0)),
    CONSTRAINT attempts_stage_check CHECK (((stage >= 1) AND (stage <= 7)))
);
CREATE TABLE public.payments (
    payment_id bytea NOT NULL,
    order_id bytea,
    customer_id text NOT NULL,
    currency_code text NOT NULL,
    amount_minor bigint NOT NULL,
    authorized_minor bigint DEFAULT 0 NOT NULL,
    captured_minor bigint DEFAULT 0 NOT NULL,
    refunded_minor bigint DEFAULT 0 NOT NULL,
    fees_minor bigint DEFAULT 0 NOT NULL,
    state bigint NOT NULL,
    method text,
    decline text,
    is_retryable bigint DEFAULT 0 NOT NULL,
    action_url text,
    hold_id bytea,
    attempts bigint DEFAULT 0 NOT NULL,
    slot bigint DEFAULT 0 NOT NULL,
    epoch bigint DEFAULT 0 NOT NULL,
    due_time bigint,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    effective_time bigint NOT NULL,
    CONSTRAINT payments_check CHECK (((0 <= refunded_minor) AND (refunded_minor <= captured_minor))),
    CONSTRAINT payments_check1 CHECK (((captured_minor <= authorized_minor) AND (authorized_minor <= amount_minor))),
    CONSTRAINT payments_check2 CHECK (((slot = 0) = (due_time IS NULL))),
    CONSTRAINT payments_check3 CHECK (((state <> 4) OR (slot > 0))),
    CONSTRAINT payments_check4 CHECK (((order_id IS NOT NULL) OR (state = 7))),
    CONSTRAINT payments_fees_minor_check CHECK ((fees_minor >= 0)),
    CONSTRAINT payments_slot_check CHECK (((slot >= 0) AND (slot <= 2))),
    CONSTRAINT payments_state_check CHECK (((state >= 1) AND (state <= 7)))
);
CREATE TABLE public.refunds (
    refund_id bytea NOT NULL,
    payment_id bytea NOT NULL,
    currency_code text NOT NULL,
    amount_minor bigint NOT NULL,
    state bigint NOT NULL,
    attempt_number bigint NOT NULL,
    create_time bigint NOT NULL,
    effective_time bigint NOT NULL,
    CONSTRAINT refunds_amount_minor_check CHECK ((amount_minor > 0)),
    CONSTRAINT refunds_state_check CHECK (((state >= 1) AND (state <= 3)))
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
INSERT INTO public.attempts VALUES ('\x01a2279e95ac8b6db269a72c156f6dc8', 1, 1, 4, 50820, 0, '\x01a2279e95ac847eaa69c5e2d3f8e055', 0, NULL, NULL, 0, NULL, 0, NULL, 0, 0, 1795961034245562, 1291197420000000);
INSERT INTO public.attempts VALUES ('\x01a2279e958a8c78989e99ebca75a58d', 1, 1, 4, 32880, 0, '\x01a2279e958a877ea353b5faf42f9e52', 0, NULL, NULL, 0, NULL, 0, NULL, 0, 0, 1795961034277269, 1291195920000000);
INSERT INTO public.attempts VALUES ('\x01a2279e95878075b3e86fe1645c7930', 1, 1, 4, 15120, 0, '\x01a2279e95878acf82a125d0479e0497', 0, NULL, NULL, 0, NULL, 0, NULL, 0, 0, 1795961034243831, 1291647780000000);
INSERT INTO public.attempts VALUES ('\x01a2279e95918034b6fa6a62a0ebb43a', 1, 1, 4, 2220, 0, '\x01a2279e95918858b5ba64ef9f0f5734', 0, NULL, NULL, 0, NULL, 0, NULL, 0, 0, 1795961034246032, 1291192080000000);
INSERT INTO public.attempts VALUES ('\x01a2279e958a8c78989e99ebca75a58d', 2, 4, 4, 32880, 0, '\x01a2279e958a877ea353b5faf42f9e52', 0, 'order_01m8ksx5cafp7a8e90t940yqg0/capture', NULL, 1, NULL, 0, NULL, 0, 0, 1795961034378380, 1291195920000000);
INSERT INTO public.attempts VALUES ('\x01a2279e95ac8b6db269a72c156f6dc8', 2, 4, 4, 50820, 0, '\x01a2279e95ac847eaa69c5e2d3f8e055', 0, 'order_01m8ksx5dce1a8x38xgd52zqar/capture', NULL, 1, NULL, 0, NULL, 0, 0, 1795961034373366, 1291197420000000);
INSERT INTO public.attempts VALUES ('\x01a2279e95918034b6fa6a62a0ebb43a', 2, 4, 4, 2220, 0, '\x01a2279e95918858b5ba64ef9f0f5734', 0, 'order_01m8ksx5chfnd9aar7p93kyh8z/capture', NULL, 1, NULL, 0, NULL, 0, 0, 1795961034392911, 1291192080000000);
INSERT INTO public.attempts VALUES ('\x01a2279e95878075b3e86fe1645c7930', 2, 4, 4, 15120, 0, '\x01a2279e95878acf82a125d0479e0497', 0, 'order_01m8ksx5c7f90vp8rq650m3nf6/capture', NULL, 1, NULL, 0, NULL, 0, 0, 1795961034373082, 1291647780000000);
INSERT INTO public.attempts VALUES ('\x01a2279e95878075b3e86fe1645c7930', 3, 6, 4, 15120, 0, NULL, 0, NULL, NULL, 0, '\x01a2279e95878ab0af6cf37dd2dbb47c', 0, NULL, 0, 0, 1795961034576838, 1291648020000000);
INSERT INTO public.attempts VALUES ('\x01a2279e978c84fd89365ffa43220229', 1, 1, 4, 2220, 0, '\x01a2279e978c8984b684e3d8f80ab1d5', 0, NULL, NULL, 0, NULL, 0, NULL, 0, 0, 1795961034662251, 1291194060000000);
INSERT INTO public.attempts VALUES ('\x01a2279e978c84fd89365ffa43220229', 2, 4, 4, 2220, 0, '\x01a2279e978c8984b684e3d8f80ab1d5', 0, 'order_01m8ksx5wcfs3b1narx94dnym9/capture', NULL, 1, NULL, 0, NULL, 0, 0, 1795961034733397, 1291194060000000);
INSERT INTO public.attempts VALUES ('\x01a2279e985582adb46c2a8ce8e43500', 1, 1, 4, 2220, 0, '\x01a2279e9855897fb954657111f4cd2f', 0, NULL, NULL, 0, NULL, 0, NULL, 0, 0, 1795961034878509, 1291196040000000);
INSERT INTO public.attempts VALUES ('\x01a2279e985582adb46c2a8ce8e43500', 2, 4, 4, 2220, 0, '\x01a2279e9855897fb954657111f4cd2f', 0, 'order_01m8ksx62nfwzsm9h9413scpcz/capture', NULL, 1, NULL, 0, NULL, 0, 0, 1795961034940663, 1291196040000000);
INSERT INTO public.payments VALUES ('\x01a2279e958a8c78989e99ebca75a58d', '\x01a2279e958a7d8ea43920d2480f5e00', '15291', 'GBP', 32880, 32880, 32880, 0, 0, 6, 'tok_approved', NULL, 0, NULL, NULL, 2, 0, 2, NULL, 1795961034277269, 1795961034426412, 1291195920000000);
INSERT INTO public.payments VALUES ('\x01a2279e95ac8b6db269a72c156f6dc8', '\x01a2279e95ac70548e8d1d834a2fdd58', '16029', 'GBP', 50820, 50820, 50820, 0, 0, 6, 'tok_approved', NULL, 0, NULL, NULL, 2, 0, 2, NULL, 1795961034245562, 1795961034452454, 1291197420000000);
INSERT INTO public.payments VALUES ('\x01a2279e95918034b6fa6a62a0ebb43a', '\x01a2279e95917d5a952b07b2473f451f', '17850', 'GBP', 2220, 2220, 2220, 0, 0, 6, 'tok_approved', NULL, 0, NULL, NULL, 2, 0, 2, NULL, 1795961034246032, 1795961034458419, 1291192080000000);
INSERT INTO public.payments VALUES ('\x01a2279e95878075b3e86fe1645c7930', '\x01a2279e95877a41bb2317314141d5e6', '14409', 'GBP', 15120, 15120, 15120, 15120, 0, 6, 'tok_approved', NULL, 0, NULL, NULL, 3, 0, 3, NULL, 1795961034243831, 1795961034608941, 1291647780000000);
INSERT INTO public.payments VALUES ('\x01a2279e978c84fd89365ffa43220229', '\x01a2279e978c7e46b0d558ea48dafa89', '17850', 'GBP', 2220, 2220, 2220, 0, 0, 6, 'tok_approved', NULL, 0, NULL, NULL, 2, 0, 2, NULL, 1795961034662251, 1795961034754080, 1291194060000000);
INSERT INTO public.payments VALUES ('\x01a2279e985582adb46c2a8ce8e43500', '\x01a2279e98557f3f9a2629204796599f', '17850', 'GBP', 2220, 2220, 2220, 0, 0, 6, 'tok_approved', NULL, 0, NULL, NULL, 2, 0, 2, NULL, 1795961034878509, 1795961034972485, 1291196040000000);
INSERT INTO public.refunds VALUES ('\x01a2279e95878ab0af6cf37dd2dbb47c', '\x01a2279e95878075b3e86fe1645c7930', 'GBP', 15120, 2, 3, 1795961034576838, 1291648020000000);
INSERT INTO public.souk_keys VALUES ('page', '\xa12e986b92d448848da1d5d427be5b62a76bf6a4c4f04846849764197f5b959d');
INSERT INTO public.souk_migrations VALUES ('souk-data', 1, 'requests, outbox, inbox, keys', '478c18d5f0ab76731374ee7f012c429414dba0f8f01a2b0fe1bcbd125eee5504', 1795961033254807);
INSERT INTO public.souk_migrations VALUES ('souk-data', 2, 'relay', '616e3523c06d0bf710b962c38f8875581190ca09a0ecce61ee9b6b7f31b5fc43', 1795961033254807);
INSERT INTO public.souk_migrations VALUES ('souk-data', 3, 'shop', '141f78a51c3b5dd400423af0c4482f0a4f8a23ca65884d5c3ca5d7541bf01989', 1795961033254807);
INSERT INTO public.souk_migrations VALUES ('payments', 1, 'payments', 'fe3e25997bf66516ffc1ee07ed3cc5133cfdcfdfda9e670ace7f331cc37a1215', 1795961033254807);
INSERT INTO public.souk_relay VALUES ('outbox', 'payments-ae83afcc91b2b39e', 0);
INSERT INTO public.souk_shop VALUES (1, 'shop_9643c1fe8ba2cfb54ced9fe605261c9f', 1, NULL);
SELECT pg_catalog.setval('public.souk_inbox_seq_seq', 1, false);
SELECT pg_catalog.setval('public.souk_outbox_seq_seq', 13, true);
SELECT pg_catalog.setval('public.souk_requests_seq_seq', 1, false);
ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (payment_id, attempt_number);
ALTER TABLE ONLY public.payments
    ADD CONSTRAINT payments_pkey PRIMARY KEY (payment_id);
ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_pkey PRIMARY KEY (refund_id);
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
CREATE INDEX payments_due ON public.payments USING btree (due_time) WHERE (slot > 0);
CREATE INDEX refunds_of_payment ON public.refunds USING btree (payment_id, refund_id);
CREATE TRIGGER attempts_are_not_deleted BEFORE DELETE ON public.attempts FOR EACH ROW EXECUTE FUNCTION public.souk_refuse_change();
ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT attempts_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES public.payments(payment_id);
ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES public.payments(payment_id);
