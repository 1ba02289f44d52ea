CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
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
CREATE TABLE public.journal (
    order_id bytea NOT NULL,
    entry bigint NOT NULL,
    kind bigint NOT NULL,
    step bigint NOT NULL,
    outcome text NOT NULL,
    lease_epoch bigint NOT NULL,
    entry_time bigint NOT NULL
);
CREATE TABLE public.order_history (
    order_id bytea NOT NULL,
    version bigint NOT NULL,
    state bigint NOT NULL,
    kind text NOT NULL,
    refunded_minor bigint NOT NULL,
    change_time bigint NOT NULL
);
CREATE TABLE public.order_lines (
    order_id bytea NOT NULL,
    line_number bigint NOT NULL,
    sku text NOT NULL,
    price_id bytea NOT NULL,
    title text NOT NULL,
    quantity bigint NOT NULL,
    unit_minor bigint NOT NULL,
    refunded_quantity bigint DEFAULT 0 NOT NULL,
    returned_quantity bigint DEFAULT 0 NOT NULL,
    CONSTRAINT order_lines_check CHECK (((refunded_quantity >= 0) AND (refunded_quantity <= quantity))),
    CONSTRAINT order_lines_check1 CHECK (((returned_quantity >= 0) AND (returned_quantity <= quantity))),
    CONSTRAINT order_lines_quantity_check CHECK ((quantity >= 1)),
    CONSTRAINT order_lines_unit_minor_check CHECK ((unit_minor >= 0))
);
CREATE TABLE public.orders (
    order_id bytea NOT NULL,
    customer_id text NOT NULL,
    reference text NOT NULL,
    currency_code text NOT NULL,
    state bigint NOT NULL,
    total_minor bigint,
    refunded_minor bigint DEFAULT 0 NOT NULL,
    reason text,
    reason_facts text,
    version bigint NOT NULL,
    is_quarantined bigint DEFAULT 0 NOT NULL,
    action_url text,
    request_key text NOT NULL,
    request_hash bytea NOT NULL,
    wishes bytea,
    payment_method text,
    expected_minor bigint,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    effective_time bigint NOT NULL,
    line_count bigint DEFAULT 0 NOT NULL,
    CONSTRAINT orders_check CHECK (((total_minor IS NULL) OR (refunded_minor <= total_minor))),
    CONSTRAINT orders_refunded_minor_check CHECK ((refunded_minor >= 0)),
    CONSTRAINT orders_state_check CHECK (((state >= 1) AND (state <= 7))),
    CONSTRAINT orders_version_check CHECK ((version >= 1))
);
CREATE TABLE public.refund_lines (
    refund_id bytea NOT NULL,
    line_number bigint NOT NULL,
    quantity bigint NOT NULL,
    CONSTRAINT refund_lines_quantity_check CHECK ((quantity >= 1))
);
CREATE TABLE public.refunds (
    refund_id bytea NOT NULL,
    order_id bytea NOT NULL,
    refund_number bigint NOT NULL,
    request_key text NOT NULL,
    request_hash bytea NOT NULL,
    state bigint NOT NULL,
    amount_minor bigint NOT NULL,
    restock bigint NOT NULL,
    create_time bigint NOT NULL,
    effective_time bigint NOT NULL,
    CONSTRAINT refunds_amount_minor_check CHECK ((amount_minor >= 0)),
    CONSTRAINT refunds_state_check CHECK (((state >= 1) AND (state <= 3)))
);
CREATE TABLE public.sagas (
    order_id bytea NOT NULL,
    kind bigint NOT NULL,
    state bigint NOT NULL,
    step bigint NOT NULL,
    attempts bigint DEFAULT 0 NOT NULL,
    taking_back text,
    refund_id bytea,
    failure text,
    entries bigint DEFAULT 0 NOT NULL,
    effective_time bigint NOT NULL,
    give_up_time bigint NOT NULL,
    cancel_requested bigint DEFAULT 0 NOT NULL,
    due_time bigint NOT NULL,
    lease_owner text,
    lease_epoch bigint NOT NULL,
    CONSTRAINT sagas_kind_check CHECK (((kind >= 1) AND (kind <= 4))),
    CONSTRAINT sagas_state_check CHECK (((state >= 1) AND (state <= 3)))
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
INSERT INTO public.journal VALUES ('\x01a2279e95877a41bb2317314141d5e6', 1, 1, 1, 'done', 1, 1795961034172069);
INSERT INTO public.journal VALUES ('\x01a2279e958a7d8ea43920d2480f5e00', 1, 1, 1, 'done', 1, 1795961034137319);
INSERT INTO public.journal VALUES ('\x01a2279e95ac70548e8d1d834a2fdd58', 1, 1, 1, 'done', 1, 1795961034183003);
INSERT INTO public.journal VALUES ('\x01a2279e95917d5a952b07b2473f451f', 1, 1, 1, 'done', 1, 1795961034182692);
INSERT INTO public.journal VALUES ('\x01a2279e95ac70548e8d1d834a2fdd58', 2, 1, 2, 'done', 1, 1795961034219433);
INSERT INTO public.journal VALUES ('\x01a2279e95877a41bb2317314141d5e6', 2, 1, 2, 'done', 1, 1795961034220533);
INSERT INTO public.journal VALUES ('\x01a2279e95917d5a952b07b2473f451f', 2, 1, 2, 'done', 1, 1795961034233379);
INSERT INTO public.journal VALUES ('\x01a2279e958a7d8ea43920d2480f5e00', 2, 1, 2, 'done', 1, 1795961034257926);
INSERT INTO public.journal VALUES ('\x01a2279e95ac70548e8d1d834a2fdd58', 3, 1, 3, 'done', 1, 1795961034343762);
INSERT INTO public.journal VALUES ('\x01a2279e958a7d8ea43920d2480f5e00', 3, 1, 3, 'done', 1, 1795961034349227);
INSERT INTO public.journal VALUES ('\x01a2279e95877a41bb2317314141d5e6', 3, 1, 3, 'done', 1, 1795961034354906);
INSERT INTO public.journal VALUES ('\x01a2279e95917d5a952b07b2473f451f', 3, 1, 3, 'done', 1, 1795961034363808);
INSERT INTO public.journal VALUES ('\x01a2279e95877a41bb2317314141d5e6', 4, 1, 4, 'done', 1, 1795961034362837);
INSERT INTO public.journal VALUES ('\x01a2279e95ac70548e8d1d834a2fdd58', 4, 1, 4, 'done', 1, 1795961034363028);
INSERT INTO public.journal VALUES ('\x01a2279e958a7d8ea43920d2480f5e00', 4, 1, 4, 'done', 1, 1795961034369351);
INSERT INTO public.journal VALUES ('\x01a2279e95917d5a952b07b2473f451f', 4, 1, 4, 'done', 1, 1795961034373621);
INSERT INTO public.journal VALUES ('\x01a2279e958a7d8ea43920d2480f5e00', 5, 1, 5, 'done', 1, 1795961034444319);
INSERT INTO public.journal VALUES ('\x01a2279e95ac70548e8d1d834a2fdd58', 5, 1, 5, 'done', 1, 1795961034470267);
INSERT INTO public.journal VALUES ('\x01a2279e95877a41bb2317314141d5e6', 5, 1, 5, 'done', 1, 1795961034479527);
INSERT INTO public.journal VALUES ('\x01a2279e95917d5a952b07b2473f451f', 5, 1, 5, 'done', 1, 1795961034472265);
INSERT INTO public.journal VALUES ('\x01a2279e95ac70548e8d1d834a2fdd58', 6, 3, 8, 'done', 2, 1795961034525292);
INSERT INTO public.journal VALUES ('\x01a2279e95877a41bb2317314141d5e6', 6, 3, 8, 'done', 2, 1795961034529336);
INSERT INTO public.journal VALUES ('\x01a2279e95917d5a952b07b2473f451f', 6, 3, 8, 'done', 2, 1795961034590360);
INSERT INTO public.journal VALUES ('\x01a2279e958a7d8ea43920d2480f5e00', 6, 3, 8, 'done', 2, 1795961034592278);
INSERT INTO public.journal VALUES ('\x01a2279e95877a41bb2317314141d5e6', 7, 4, 9, 'done', 3, 1795961034619402);
INSERT INTO public.journal VALUES ('\x01a2279e95877a41bb2317314141d5e6', 8, 4, 10, 'done', 3, 1795961034646200);
INSERT INTO public.journal VALUES ('\x01a2279e978c7e46b0d558ea48dafa89', 1, 1, 1, 'done', 1, 1795961034650261);
INSERT INTO public.journal VALUES ('\x01a2279e978c7e46b0d558ea48dafa89', 2, 1, 2, 'done', 1, 1795961034657911);
INSERT INTO public.journal VALUES ('\x01a2279e978c7e46b0d558ea48dafa89', 3, 1, 3, 'done', 1, 1795961034710636);
INSERT INTO public.journal VALUES ('\x01a2279e978c7e46b0d558ea48dafa89', 4, 1, 4, 'done', 1, 1795961034728393);
INSERT INTO public.journal VALUES ('\x01a2279e978c7e46b0d558ea48dafa89', 5, 1, 5, 'done', 1, 1795961034759772);
INSERT INTO public.journal VALUES ('\x01a2279e978c7e46b0d558ea48dafa89', 6, 3, 8, 'done', 2, 1795961034795033);
INSERT INTO public.journal VALUES ('\x01a2279e98557f3f9a2629204796599f', 1, 1, 1, 'done', 1, 1795961034853855);
INSERT INTO public.journal VALUES ('\x01a2279e98557f3f9a2629204796599f', 2, 1, 2, 'done', 1, 1795961034870890);
INSERT INTO public.journal VALUES ('\x01a2279e98557f3f9a2629204796599f', 3, 1, 3, 'done', 1, 1795961034914996);
INSERT INTO public.journal VALUES ('\x01a2279e98557f3f9a2629204796599f', 4, 1, 4, 'done', 1, 1795961034927641);
INSERT INTO public.journal VALUES ('\x01a2279e98557f3f9a2629204796599f', 5, 1, 5, 'done', 1, 1795961034978790);
INSERT INTO public.journal VALUES ('\x01a2279e98557f3f9a2629204796599f', 6, 3, 8, 'done', 2, 1795961035006148);
INSERT INTO public.order_history VALUES ('\x01a2279e95877a41bb2317314141d5e6', 1, 1, 'created', 0, 1795961034119477);
INSERT INTO public.order_history VALUES ('\x01a2279e958a7d8ea43920d2480f5e00', 1, 1, 'created', 0, 1795961034122974);
INSERT INTO public.order_history VALUES ('\x01a2279e95917d5a952b07b2473f451f', 1, 1, 'created', 0, 1795961034129298);
INSERT INTO public.order_history VALUES ('\x01a2279e95ac70548e8d1d834a2fdd58', 1, 1, 'created', 0, 1795961034156542);
INSERT INTO public.order_history VALUES ('\x01a2279e95877a41bb2317314141d5e6', 2, 1, 'priced', 0, 1795961034172069);
INSERT INTO public.order_history VALUES ('\x01a2279e95ac70548e8d1d834a2fdd58', 2, 1, 'priced', 0, 1795961034183003);
INSERT INTO public.order_history VALUES ('\x01a2279e958a7d8ea43920d2480f5e00', 2, 1, 'priced', 0, 1795961034137319);
INSERT INTO public.order_history VALUES ('\x01a2279e95917d5a952b07b2473f451f', 2, 1, 'priced', 0, 1795961034182692);
INSERT INTO public.order_history VALUES ('\x01a2279e95877a41bb2317314141d5e6', 3, 2, 'placed', 0, 1795961034362837);
INSERT INTO public.order_history VALUES ('\x01a2279e95ac70548e8d1d834a2fdd58', 3, 2, 'placed', 0, 1795961034363028);
INSERT INTO public.order_history VALUES ('\x01a2279e958a7d8ea43920d2480f5e00', 3, 2, 'placed', 0, 1795961034369351);
INSERT INTO public.order_history VALUES ('\x01a2279e95917d5a952b07b2473f451f', 3, 2, 'placed', 0, 1795961034373621);
INSERT INTO public.order_history VALUES ('\x01a2279e958a7d8ea43920d2480f5e00', 4, 3, 'paid', 0, 1795961034444319);
INSERT INTO public.order_history VALUES ('\x01a2279e95ac70548e8d1d834a2fdd58', 4, 3, 'paid', 0, 1795961034470267);
INSERT INTO public.order_history VALUES ('\x01a2279e95877a41bb2317314141d5e6', 4, 3, 'paid', 0, 1795961034479527);
INSERT INTO public.order_history VALUES ('\x01a2279e95917d5a952b07b2473f451f', 4, 3, 'paid', 0, 1795961034472265);
INSERT INTO public.order_history VALUES ('\x01a2279e95877a41bb2317314141d5e6', 5, 3, 'fulfill_started', 0, 1795961034485379);
INSERT INTO public.order_history VALUES ('\x01a2279e95ac70548e8d1d834a2fdd58', 5, 3, 'fulfill_started', 0, 1795961034480902);
INSERT INTO public.order_history VALUES ('\x01a2279e958a7d8ea43920d2480f5e00', 5, 3, 'fulfill_started', 0, 1795961034458144);
INSERT INTO public.order_history VALUES ('\x01a2279e95917d5a952b07b2473f451f', 5, 3, 'fulfill_started', 0, 1795961034498625);
INSERT INTO public.order_history VALUES ('\x01a2279e95ac70548e8d1d834a2fdd58', 6, 4, 'fulfilled', 0, 1795961034525292);
INSERT INTO public.order_history VALUES ('\x01a2279e95877a41bb2317314141d5e6', 6, 4, 'fulfilled', 0, 1795961034529336);
INSERT INTO public.order_history VALUES ('\x01a2279e95877a41bb2317314141d5e6', 7, 4, 'refund_started', 0, 1795961034552175);
INSERT INTO public.order_history VALUES ('\x01a2279e95917d5a952b07b2473f451f', 6, 4, 'fulfilled', 0, 1795961034590360);
INSERT INTO public.order_history VALUES ('\x01a2279e958a7d8ea43920d2480f5e00', 6, 4, 'fulfilled', 0, 1795961034592278);
INSERT INTO public.order_history VALUES ('\x01a2279e978c7e46b0d558ea48dafa89', 1, 1, 'created', 0, 1795961034636319);
INSERT INTO public.order_history VALUES ('\x01a2279e978c7e46b0d558ea48dafa89', 2, 1, 'priced', 0, 1795961034650261);
INSERT INTO public.order_history VALUES ('\x01a2279e95877a41bb2317314141d5e6', 8, 5, 'refund_succeeded', 15120, 1795961034646200);
INSERT INTO public.order_history VALUES ('\x01a2279e978c7e46b0d558ea48dafa89', 3, 2, 'placed', 0, 1795961034728393);
INSERT INTO public.order_history VALUES ('\x01a2279e978c7e46b0d558ea48dafa89', 4, 3, 'paid', 0, 1795961034759772);
INSERT INTO public.order_history VALUES ('\x01a2279e978c7e46b0d558ea48dafa89', 5, 3, 'fulfill_started', 0, 1795961034778178);
INSERT INTO public.order_history VALUES ('\x01a2279e978c7e46b0d558ea48dafa89', 6, 4, 'fulfilled', 0, 1795961034795033);
INSERT INTO public.order_history VALUES ('\x01a2279e98557f3f9a2629204796599f', 1, 1, 'created', 0, 1795961034837943);
INSERT INTO public.order_history VALUES ('\x01a2279e98557f3f9a2629204796599f', 2, 1, 'priced', 0, 1795961034853855);
INSERT INTO public.order_history VALUES ('\x01a2279e98557f3f9a2629204796599f', 3, 2, 'placed', 0, 1795961034927641);
INSERT INTO public.order_history VALUES ('\x01a2279e98557f3f9a2629204796599f', 4, 3, 'paid', 0, 1795961034978790);
INSERT INTO public.order_history VALUES ('\x01a2279e98557f3f9a2629204796599f', 5, 3, 'fulfill_started', 0, 1795961034984497);
INSERT INTO public.order_history VALUES ('\x01a2279e98557f3f9a2629204796599f', 6, 4, 'fulfilled', 0, 1795961035006148);
INSERT INTO public.order_lines VALUES ('\x01a2279e95ac70548e8d1d834a2fdd58', 1, '84880', '\xb2732258d8d052859c8b5ba8789cefb9', 'WHITE WIRE EGG HOLDER', 36, 495, 0, 0);
INSERT INTO public.order_lines VALUES ('\x01a2279e95ac70548e8d1d834a2fdd58', 2, '85099C', '\x0f3c7f27d58e5f4495d52cbb4e0abb30', 'JUMBO  BAG BAROQUE BLACK WHITE', 100, 165, 0, 0);
INSERT INTO public.order_lines VALUES ('\x01a2279e95ac70548e8d1d834a2fdd58', 3, '85099B', '\xd694cef6795d5cf4ae1fcf8923aeb10d', 'JUMBO BAG RED RETROSPOT', 100, 165, 0, 0);
INSERT INTO public.order_lines VALUES ('\x01a2279e958a7d8ea43920d2480f5e00', 1, '22114', '\xe518fae97649549bb922ee9ac9e88305', 'HOT WATER BOTTLE TEA AND SYMPATHY', 48, 345, 0, 0);
INSERT INTO public.order_lines VALUES ('\x01a2279e958a7d8ea43920d2480f5e00', 2, '21733', '\xe318d49c08a252f5b88f20be442758bb', 'RED HANGING HEART T-LIGHT HOLDER', 64, 255, 0, 0);
INSERT INTO public.order_lines VALUES ('\x01a2279e95917d5a952b07b2473f451f', 1, '22633', '\x84b2dc0c49985054aaa2f4daa295e695', 'HAND WARMER UNION JACK', 6, 185, 0, 0);
INSERT INTO public.order_lines VALUES ('\x01a2279e95917d5a952b07b2473f451f', 2, '22632', '\xf75a2932dd2e5a8890e2d0ebbe4fb701', 'HAND WARMER RED POLKA DOT', 6, 185, 0, 0);
INSERT INTO public.order_lines VALUES ('\x01a2279e978c7e46b0d558ea48dafa89', 1, '22632', '\xf75a2932dd2e5a8890e2d0ebbe4fb701', 'HAND WARMER RED POLKA DOT', 6, 185, 0, 0);
INSERT INTO public.order_lines VALUES ('\x01a2279e978c7e46b0d558ea48dafa89', 2, '22633', '\x84b2dc0c49985054aaa2f4daa295e695', 'HAND WARMER UNION JACK', 6, 185, 0, 0);
INSERT INTO public.order_lines VALUES ('\x01a2279e95877a41bb2317314141d5e6', 1, '22834', '\x884c345a55c55a6eae887f2ad8e9fb77', 'HAND WARMER BABUSHKA DESIGN', 72, 210, 72, 72);
INSERT INTO public.order_lines VALUES ('\x01a2279e98557f3f9a2629204796599f', 1, '22632', '\xf75a2932dd2e5a8890e2d0ebbe4fb701', 'HAND WARMER RED POLKA DOT', 6, 185, 0, 0);
INSERT INTO public.order_lines VALUES ('\x01a2279e98557f3f9a2629204796599f', 2, '22633', '\x84b2dc0c49985054aaa2f4daa295e695', 'HAND WARMER UNION JACK', 6, 185, 0, 0);
INSERT INTO public.orders VALUES ('\x01a2279e978c7e46b0d558ea48dafa89', '17850', 'retail-536372', 'GBP', 4, 2220, 0, NULL, NULL, 6, 0, NULL, 'staff:replay
retail-536372', '\x0d20fd4f9ec2f56abacd8076b60fcf7d3fb1cbfe7631bbf866e029e78053c5d8', NULL, NULL, 2220, 1795961034636319, 1795961034795033, 1291194060000000, 2);
INSERT INTO public.orders VALUES ('\x01a2279e98557f3f9a2629204796599f', '17850', 'retail-536377', 'GBP', 4, 2220, 0, NULL, NULL, 6, 0, NULL, 'staff:replay
retail-536377', '\xae84fd031c1f7b6460c8f958cc1b9fe97fde1e94d8f1715db12702a4f2364ca9', NULL, NULL, 2220, 1795961034837943, 1795961035006148, 1291196040000000, 2);
INSERT INTO public.orders VALUES ('\x01a2279e95ac70548e8d1d834a2fdd58', '16029', 'retail-536386', 'GBP', 4, 50820, 0, NULL, NULL, 6, 0, NULL, 'staff:replay
retail-536386', '\xe404f62a003230c1146c765ff80db6cc2854f0dcbe7c7f11b763fefd0caeeedf', NULL, NULL, 50820, 1795961034156542, 1795961034525292, 1291197420000000, 3);
INSERT INTO public.orders VALUES ('\x01a2279e95917d5a952b07b2473f451f', '17850', 'retail-536366', 'GBP', 4, 2220, 0, NULL, NULL, 6, 0, NULL, 'staff:replay
retail-536366', '\x0ca5103e29d7efdb75c6a53ccdef93a56369d07436f9f9525fe5dace506a09d5', NULL, NULL, 2220, 1795961034129298, 1795961034590360, 1291192080000000, 2);
INSERT INTO public.orders VALUES ('\x01a2279e958a7d8ea43920d2480f5e00', '15291', 'retail-536376', 'GBP', 4, 32880, 0, NULL, NULL, 6, 0, NULL, 'staff:replay
retail-536376', '\x2637b8aac88cf582ea1bb7d44d40410f33c46b1174a82cdbd9d415c9f4a933ea', NULL, NULL, 32880, 1795961034122974, 1795961034592278, 1291195920000000, 2);
INSERT INTO public.orders VALUES ('\x01a2279e95877a41bb2317314141d5e6', '14409', 'retail-537410', 'GBP', 5, 15120, 15120, NULL, NULL, 8, 0, NULL, 'staff:replay
retail-537410', '\x6c9f76c65bdec4186d9f09bcfed46038baefd577a8f263c25978ab0c21ed8373', NULL, NULL, 15120, 1795961034119477, 1795961034646200, 1291647780000000, 1);
INSERT INTO public.refund_lines VALUES ('\x01a2279e95878ab0af6cf37dd2dbb47c', 1, 72);
INSERT INTO public.refunds VALUES ('\x01a2279e95878ab0af6cf37dd2dbb47c', '\x01a2279e95877a41bb2317314141d5e6', 1, 'staff:replay
retail-C537413-537410', '\xfd522ba57e5c52cdcee9b0146b6f7ce3577bee01e6323554b4efe5c34be91b1a', 2, 15120, 1, 1795961034552175, 1291648020000000);
INSERT INTO public.sagas VALUES ('\x01a2279e95ac70548e8d1d834a2fdd58', 3, 3, 8, 0, NULL, NULL, NULL, 6, 1291197420000000, 1795961094480902, 0, 1795961034525292, NULL, 2);
INSERT INTO public.sagas VALUES ('\x01a2279e95917d5a952b07b2473f451f', 3, 3, 8, 0, NULL, NULL, NULL, 6, 1291192080000000, 1795961094498625, 0, 1795961034590360, NULL, 2);
INSERT INTO public.sagas VALUES ('\x01a2279e958a7d8ea43920d2480f5e00', 3, 3, 8, 0, NULL, NULL, NULL, 6, 1291195920000000, 1795961094458144, 0, 1795961034592278, NULL, 2);
INSERT INTO public.sagas VALUES ('\x01a2279e95877a41bb2317314141d5e6', 4, 3, 10, 0, NULL, '\x01a2279e95878ab0af6cf37dd2dbb47c', NULL, 8, 1291648020000000, 1795961094552175, 0, 1795961034646200, NULL, 3);
INSERT INTO public.sagas VALUES ('\x01a2279e978c7e46b0d558ea48dafa89', 3, 3, 8, 0, NULL, NULL, NULL, 6, 1291194060000000, 1795961094778178, 0, 1795961034795033, NULL, 2);
INSERT INTO public.sagas VALUES ('\x01a2279e98557f3f9a2629204796599f', 3, 3, 8, 0, NULL, NULL, NULL, 6, 1291196040000000, 1795961094984497, 0, 1795961035006148, NULL, 2);
INSERT INTO public.souk_inbox OVERRIDING SYSTEM VALUE VALUES (2, 'orders', '\x0c03f6bab8035ab3b5c80fa09b788bd1', 1795961034646593);
INSERT INTO public.souk_keys VALUES ('page', '\xf849985090b44bafaff00f3068d31607553b02e85d9949f2975e425feee0207b');
INSERT INTO public.souk_migrations VALUES ('souk-data', 1, 'requests, outbox, inbox, keys', '478c18d5f0ab76731374ee7f012c429414dba0f8f01a2b0fe1bcbd125eee5504', 1795961033532688);
INSERT INTO public.souk_migrations VALUES ('souk-data', 2, 'relay', '616e3523c06d0bf710b962c38f8875581190ca09a0ecce61ee9b6b7f31b5fc43', 1795961033532688);
INSERT INTO public.souk_migrations VALUES ('souk-data', 3, 'shop', '141f78a51c3b5dd400423af0c4482f0a4f8a23ca65884d5c3ca5d7541bf01989', 1795961033532688);
INSERT INTO public.souk_migrations VALUES ('orders', 1, 'orders', '0e5dc1ca3aad604ff836a9c97cf529f2ce01d9df069a58a3d868c27d8e467020', 1795961033532688);
INSERT INTO public.souk_migrations VALUES ('orders', 2, 'lines and returns', '89a9bdcc73fef683693d2e20d267a496532c793e304f3a377099bc0e6c0369e7', 1795961033532688);
INSERT INTO public.souk_relay VALUES ('outbox', 'orders-28a81cf2158fdc1d', 0);
INSERT INTO public.souk_shop VALUES (1, 'shop_9643c1fe8ba2cfb54ced9fe605261c9f', 1, NULL);
SELECT pg_catalog.setval('public.souk_inbox_seq_seq', 2, true);
SELECT pg_catalog.setval('public.souk_outbox_seq_seq', 19, true);
SELECT pg_catalog.setval('public.souk_requests_seq_seq', 1, false);
ALTER TABLE ONLY public.journal
    ADD CONSTRAINT journal_pkey PRIMARY KEY (order_id, entry);
ALTER TABLE ONLY public.order_history
    ADD CONSTRAINT order_history_pkey PRIMARY KEY (order_id, version);
ALTER TABLE ONLY public.order_lines
    ADD CONSTRAINT order_lines_pkey PRIMARY KEY (order_id, line_number);
ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (order_id);
ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_request_key_key UNIQUE (request_key);
ALTER TABLE ONLY public.refund_lines
    ADD CONSTRAINT refund_lines_pkey PRIMARY KEY (refund_id, line_number);
ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_order_id_refund_number_key UNIQUE (order_id, refund_number);
ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_pkey PRIMARY KEY (refund_id);
ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_request_key_key UNIQUE (request_key);
ALTER TABLE ONLY public.sagas
    ADD CONSTRAINT sagas_pkey PRIMARY KEY (order_id);
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
CREATE INDEX orders_of_customer ON public.orders USING btree (customer_id, order_id);
CREATE INDEX orders_quarantined ON public.orders USING btree (order_id) WHERE (is_quarantined = 1);
CREATE INDEX sagas_due ON public.sagas USING btree (due_time) WHERE (state = 1);
CREATE TRIGGER journal_is_append_only BEFORE DELETE OR UPDATE ON public.journal FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER order_history_is_append_only BEFORE DELETE OR UPDATE ON public.order_history FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE ONLY public.journal
    ADD CONSTRAINT journal_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.orders(order_id);
ALTER TABLE ONLY public.order_history
    ADD CONSTRAINT order_history_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.orders(order_id);
ALTER TABLE ONLY public.order_lines
    ADD CONSTRAINT order_lines_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.orders(order_id);
ALTER TABLE ONLY public.refund_lines
    ADD CONSTRAINT refund_lines_refund_id_fkey FOREIGN KEY (refund_id) REFERENCES public.refunds(refund_id);
ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.orders(order_id);
ALTER TABLE ONLY public.sagas
    ADD CONSTRAINT sagas_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.orders(order_id);
