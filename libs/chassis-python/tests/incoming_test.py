"""What every request passes, in the order in which it passes it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest
from souk.echo.v1 import echo_pb2 as pb
from souk.notifications.v1 import notification_preferences_pb2 as preferences_pb2
from souk.notifications.v1 import notification_service_pb2 as notifications
from souk_client import customer_of

from echo import Echo
from souk_chassis import DEVELOPMENT_KEY, Caller, Error, development_token, owned
from souk_chassis.caller import Identity
from souk_chassis.incoming import allow
from souk_chassis.policy import Grant, MethodPolicy
from souk_chassis.refusal import AccessDenied, InvalidRequest, OtherCustomer, Unauthenticated
from souk_chassis.testing import caller, refused

POLICY = "souk.policy"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
Start = Callable[..., Any]


async def a_method_sees_who_calls_until_when_and_in_which_trace(echo: Echo) -> None:
    traced = (*caller("user:alice"), ("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01"))
    answer = await echo.stub.Say(pb.SayRequest(name="hi"), metadata=traced)
    who, left, criticality, trace = answer.seen
    assert (answer.name, who, criticality, trace) == ("hi", "user:alice", "critical", TRACE)
    assert 0 < int(left) <= 1000


async def a_trace_that_cannot_be_read_is_replaced(echo: Echo) -> None:
    answer = await echo.stub.Say(pb.SayRequest(name="hi"), metadata=(("traceparent", "00-nonsense"),))
    assert re.fullmatch("[0-9a-f]{32}", answer.seen[3])


async def the_earlier_of_the_callers_and_the_contracts_deadline_holds(echo: Echo) -> None:
    assert int((await echo.stub.Say(pb.SayRequest(name="hi"), timeout=60)).seen[1]) <= 1000
    # gRPC rounds a timeout up on the wire.
    assert int((await echo.stub.Say(pb.SayRequest(name="hi"), timeout=0.5)).seen[1]) <= 510


async def a_method_is_stopped_at_the_contracts_deadline(echo: Echo) -> None:
    refusal = await refused(echo.stub.Say(pb.SayRequest(name="wait")))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "ERROR_REASON_DEADLINE_EXCEEDED")
    assert refusal.domain == POLICY


async def a_method_is_stopped_when_its_caller_goes_away(echo: Echo) -> None:
    call = echo.stub.Repeat(pb.RepeatRequest(name="wait", times=1), metadata=caller("user:alice"))
    await call.read()
    call.cancel()
    for _ in range(500):
        _, metrics = await echo.page("/metrics")
        if 'Repeat",rpc_response_status_code="CANCELLED"' in metrics:
            break
        await asyncio.sleep(0.01)
    else:
        raise AssertionError("the call is not counted as cancelled")
    assert "souk_requests_in_work 0.0" in metrics


@pytest.mark.parametrize(
    "token",
    ["Bearer souk-dev.c3RhZmY6YW5u.AAAA", "Bearer x", "Basic souk-dev.a.b", "Bearer souk-dev.a", f"Bearer {'a' * 3000}"],
)
async def a_forged_token_is_refused(echo: Echo, token: str) -> None:
    call = echo.stub.Say(pb.SayRequest(name="hi"), metadata=(("authorization", token),))
    refusal = await refused(call)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAUTHENTICATED, "ERROR_REASON_UNAUTHENTICATED")


async def a_token_of_another_key_is_refused(start: Start) -> None:
    echo = await start(identity__development_key="another")
    refusal = await refused(echo.stub.Say(pb.SayRequest(name="hi"), metadata=caller("user:alice")))
    assert (refusal.code, refusal.message) == (grpc.StatusCode.UNAUTHENTICATED, "the token's signature is wrong")


async def a_server_that_is_not_on_loopback_refuses_development_tokens(start: Start) -> None:
    echo = await start(server__listen="0.0.0.0:0")
    refusal = await refused(echo.stub.Say(pb.SayRequest(name="hi"), metadata=caller("user:alice")))
    assert refusal.code is grpc.StatusCode.UNAUTHENTICATED
    assert "loopback" in refusal.message
    await echo.stub.Say(pb.SayRequest(name="hi"))


async def access_is_what_the_contract_says(echo: Echo) -> None:
    repeat = pb.RepeatRequest(name="hi", times=1)
    refusal = await refused(echo.stub.Repeat(repeat))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAUTHENTICATED, "ERROR_REASON_UNAUTHENTICATED")
    refusal = await refused(echo.stub.Repeat(repeat, metadata=caller("service:orders")))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.PERMISSION_DENIED, "ERROR_REASON_ACCESS_DENIED")
    assert refusal.message == "souk.echo.v1.EchoService/Repeat may not be called by a service"
    assert (refusal.domain, refusal.metadata) == (POLICY, {})
    said = [pb.SayRequest(name="hi")]
    for who, words in (("user:alice", "a user"), ("staff:ann", "a member of the staff")):
        refusal = await refused(echo.stub.Collect(iter(said), metadata=caller(who, "echo.collect")))
        assert (refusal.code, refusal.metadata) == (grpc.StatusCode.PERMISSION_DENIED, {})
        assert refusal.message == f"souk.echo.v1.EchoService/Collect may not be called by {words}"


async def a_caller_needs_the_scopes_of_a_grant_to_its_kind(echo: Echo) -> None:
    said = [pb.SayRequest(name="hi")]
    orders = Caller("service", "orders")
    for token in (development_token(orders), development_token(orders, ["echo.chat", "echo"])):
        refusal = await refused(echo.stub.Collect(iter(said), metadata=(("authorization", f"Bearer {token}"),)))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.PERMISSION_DENIED, "ERROR_REASON_ACCESS_DENIED")
        wanted = "souk.echo.v1.EchoService/Collect may be called by a service whose token has the scope echo.collect"
        assert (refusal.message, refusal.metadata) == (wanted, {"scopes": "echo.collect"})
    refusal = await refused(echo.stub.Chat(iter(said), metadata=caller("staff:ann", "echo.collect")))
    assert refusal.message.endswith("/Chat may be called by a member of the staff whose token has the scope echo.chat")

    for scopes in (["echo.collect"], ["orders.read", "echo.collect"], ["*"], []):
        assert (await echo.stub.Collect(iter(said), metadata=caller("service:carts", *scopes))).name == "hi"
    for scopes in (["echo.chat"], ["*"]):
        assert [answer.name async for answer in echo.stub.Chat(iter(said), metadata=caller("staff:ann", *scopes))] == ["hi"]


def any_grant_admits_and_the_first_one_of_the_kind_says_what_is_lacking() -> None:
    grants = (Grant("user"), Grant("staff", ("a.read", "a.write")), Grant("staff", ("ops.repair",)))
    several = MethodPolicy("/a.v1.A/Do", grants, "critical", 1.0, True, False, False)

    def staff(*scopes: str) -> Identity:
        return Identity(Caller("staff", "ann"), frozenset(scopes))

    for admitted in (staff("a.write", "a.read"), staff("ops.repair"), staff("*"), Identity(Caller("user", "alice"))):
        allow(several, admitted)
    for identity, lacking in ((staff(), ["a.read", "a.write"]), (staff("a.read"), ["a.write"])):
        with pytest.raises(AccessDenied) as refusal:
            allow(several, identity)
        scopes = " and ".join(lacking)
        assert str(refusal.value) == f"a.v1.A/Do may be called by a member of the staff whose token has the scope {scopes}"
        assert refusal.value.metadata == {"scopes": ",".join(lacking)}
    with pytest.raises(AccessDenied, match=r"may not be called by a service$") as refused_kind:
        allow(several, Identity(Caller("service", "orders"), frozenset({"*"})))
    assert refused_kind.value.metadata == {}
    with pytest.raises(Unauthenticated):
        allow(several, Identity())


async def a_guest_may_call_what_is_for_users_unless_the_grant_excludes_guests(echo: Echo) -> None:
    guest = caller("guest:x")
    assert (await echo.stub.Save(pb.SaveRequest(request_id="1", name="tea"), metadata=guest)).number == 0
    refusal = await refused(echo.stub.Repeat(pb.RepeatRequest(name="hi", times=1), metadata=guest))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.PERMISSION_DENIED, "ERROR_REASON_ACCESS_DENIED")
    assert refusal.message == "souk.echo.v1.EchoService/Repeat may be called by a user who has signed in, not by a guest"
    assert refusal.metadata == {}


def a_grant_that_excludes_guests_may_stand_beside_one_that_does_not() -> None:
    grants = (Grant("user", excludes_guests=True), Grant("user", ("a.b",)))
    either = MethodPolicy("/a.v1.A/Do", grants, "critical", 1.0, True, False, False)
    guest = Caller("guest", "x")
    for admitted in (Identity(Caller("user", "alice")), Identity(guest, frozenset({"a.b"}))):
        allow(either, admitted)
    with pytest.raises(AccessDenied, match="not by a guest"):
        allow(either, Identity(guest))


async def a_user_reaches_its_own_customer_by_whatever_name_and_no_other(echo: Echo) -> None:
    async def save(who: str, request_id: str, customer: str = "") -> int:
        request = pb.SaveRequest(request_id=request_id, name="tea", customer_id=customer)
        return int((await echo.stub.Save(request, metadata=caller(who))).number)

    alice, bob = customer_of("user:alice"), customer_of("user:bob")
    assert [await save("user:alice", "1", name) for name in ("", "me", alice)] == [0, 0, 0]
    refusal = await refused(save("user:alice", "2", bob))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.PERMISSION_DENIED, "ERROR_REASON_OTHER_CUSTOMER")
    assert (refusal.domain, list(refusal.fields)) == (POLICY, ["customer_id"])

    # What others do for a customer is found again by the customer.
    assert await save("staff:ann", "1", alice) == 0
    assert [await save("staff:ann", "3", bob), await save("user:bob", "3"), await save("staff:ann", "3")] == [1, 1, 2]
    refusal = await refused(save("staff:ann", "4", "me"))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "ERROR_REASON_INVALID_FIELD")
    assert (refusal.domain, list(refusal.fields)) == ("souk.echo", ["customer_id"])


def a_nested_customer_is_refused_by_its_full_path() -> None:
    rules = owned.rules_of("/souk.notifications.v1.NotificationService/UpdateNotificationPreferences")

    def update(customer: str) -> notifications.UpdateNotificationPreferencesRequest:
        preferences = preferences_pb2.NotificationPreferences(customer_id=customer)
        return notifications.UpdateNotificationPreferencesRequest(preferences=preferences)

    def fields(refusal: Error) -> list[str]:
        return [violation.field for one in refusal.details if isinstance(one, BadRequest) for violation in one.field_violations]

    alice = Caller("user", "alice", customer_of("user:alice"))
    mine = update("me")
    owned.check(rules, alice, "souk.notifications", mine)
    assert mine.preferences.customer_id == customer_of("user:alice")

    with pytest.raises(OtherCustomer) as other:
        owned.check(rules, alice, "souk.notifications", update(customer_of("user:bob")))
    assert fields(other.value) == ["preferences.customer_id"]

    with pytest.raises(InvalidRequest) as me:
        owned.check(rules, Caller("staff", "ann"), "souk.notifications", update("me"))
    assert fields(me.value) == ["preferences.customer_id"]


async def a_field_that_is_for_other_callers_must_be_left_out(echo: Echo) -> None:
    request = pb.SaveRequest(request_id="1", name="tea", remark="by phone")
    for who in ("user:alice", "guest:x"):
        refusal = await refused(echo.stub.Save(request, metadata=caller(who)))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.PERMISSION_DENIED, "ERROR_REASON_FIELD_NOT_ALLOWED")
        assert (refusal.message, refusal.domain) == ("remark is for staff only: leave it out", POLICY)
        assert (refusal.metadata, list(refusal.fields)) == ({"field": "remark"}, ["remark"])
    assert (await echo.stub.Save(request, metadata=caller("staff:ann"))).number == 0


async def the_rules_of_a_request_come_before_its_customer(echo: Echo) -> None:
    request = pb.SaveRequest(request_id="1", name="tea", customer_id="bob", remark="by phone")
    refusal = await refused(echo.stub.Save(request, metadata=caller("user:alice")))
    assert (refusal.reason, list(refusal.fields)) == ("ERROR_REASON_INVALID_FIELD", ["customer_id"])


def signed(payload: str) -> tuple[tuple[str, str], ...]:
    """Signs a payload with the well-known key."""

    def encode(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    text = encode(payload.encode())
    mac = encode(hmac.new(DEVELOPMENT_KEY.encode(), text.encode(), hashlib.sha256).digest())
    return (("authorization", f"Bearer souk-dev.{text}.{mac}"),)


ALICE = customer_of("user:alice")


async def a_customer_is_what_the_token_says(echo: Echo) -> None:
    bob = customer_of("user:bob")
    request = pb.SaveRequest(request_id="1", name="tea", customer_id=bob)
    await echo.stub.Save(request, metadata=signed(f"user:alice customer={bob}"))
    alice = Caller.parse("user:alice")
    assert alice.customer == alice.owner == ALICE == "customer_6hwct5gq5kb1dtg419zs3z7jba"
    assert Caller("guest", "alice").customer == "customer_7a1c0bhxjtaj4smrtkvpjhm00e"
    assert [Caller.parse(who).owner for who in ("staff:ann", "service:orders", "anonymous")] == [
        "staff:ann",
        "service:orders",
        "anonymous",
    ]
    assert Caller("guest", "x").key == "guest:x"


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        ("user:alice", "names no customer"),
        ("guest:x echo.save", "names no customer"),
        (f"staff:ann customer={ALICE}", "its caller has none"),
        (f"service:orders customer={ALICE}", "its caller has none"),
        ("user:alice customer=alice", "must be `customer_`"),
        (f"user:alice customer={ALICE.upper()}", "must be `customer_`"),
        (f"user:alice expires=1900000000 customer={ALICE}", "names no customer"),
        (f"user:alice customer={ALICE} expires=soon", "authorization header is not"),
        (f"user:alice customer={ALICE} expires=99999999999999", "authorization header is not"),
    ],
)
async def a_token_whose_claims_are_wrong_is_refused(echo: Echo, payload: str, says: str) -> None:
    refusal = await refused(echo.stub.Say(pb.SayRequest(name="hi"), metadata=signed(payload)))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAUTHENTICATED, "ERROR_REASON_UNAUTHENTICATED")
    assert says in refusal.message


async def a_token_is_good_until_it_expires(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    token = development_token(Caller("guest", "x"), ["a.b"], expires=datetime.fromtimestamp(now + 60, UTC))
    header = (("authorization", f"Bearer {token}"),)
    answer = await echo.stub.Say(pb.SayRequest(name="hi"), metadata=header)
    assert answer.seen[0] == "guest:x"
    monkeypatch.setattr("souk_chassis.identity.time.time", lambda: now + 60)
    refusal = await refused(echo.stub.Say(pb.SayRequest(name="hi"), metadata=header))
    assert (refusal.code, refusal.message) == (grpc.StatusCode.UNAUTHENTICATED, "the token has expired")


async def access_comes_before_validation(echo: Echo) -> None:
    refusal = await refused(echo.stub.Repeat(pb.RepeatRequest(name="", times=-1)))
    assert refusal.code is grpc.StatusCode.UNAUTHENTICATED


async def a_service_says_how_much_the_work_matters_and_others_do_not(echo: Echo) -> None:
    stated = (("souk-criticality", "sheddable"),)
    answer = await echo.stub.Say(pb.SayRequest(name="hi"), metadata=(*caller("service:orders"), *stated))
    assert answer.seen[2] == "sheddable"
    answer = await echo.stub.Say(pb.SayRequest(name="hi"), metadata=(*caller("user:alice"), *stated))
    assert answer.seen[2] == "critical"


async def a_request_that_breaks_rules_is_refused_with_each_field(echo: Echo) -> None:
    request = pb.SayRequest(name="x", lines=[pb.Line(quantity=1), pb.Line()], named={"a b": pb.Line()})
    refusal = await refused(echo.stub.Say(request))
    assert (refusal.code, refusal.reason, refusal.domain) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "ERROR_REASON_INVALID_FIELD",
        "souk.echo",
    )
    assert sorted(refusal.fields) == ["lines[1].quantity", "name", 'named["a b"].quantity']
    assert refusal.message.startswith("field name ") and refusal.message.endswith("(and 2 more)")
    assert all(refusal.fields.values())


async def each_message_of_a_callers_stream_is_held_to_the_rules(echo: Echo) -> None:
    requests = iter([pb.SayRequest(name="hi"), pb.SayRequest(name="x")])
    refusal = await refused(echo.stub.Collect(requests, metadata=caller("service:orders")))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "ERROR_REASON_INVALID_FIELD")
    assert list(refusal.fields) == ["name"]


async def bytes_that_are_no_message_are_refused(echo: Echo) -> None:
    raw: Any = echo.channel.unary_unary("/souk.echo.v1.EchoService/Say")
    refusal = await refused(raw(b"\xff\xff\xff"))
    assert (refusal.code, refusal.reason, refusal.domain) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "ERROR_REASON_INVALID_FIELD",
        "souk.echo",
    )
    assert refusal.message.startswith("request cannot be decoded")


async def a_request_without_a_message_is_refused(echo: Echo) -> None:
    nothing: Any = echo.channel.stream_unary("/souk.echo.v1.EchoService/Say")
    refusal = await refused(nothing(iter([])))
    assert (refusal.code, refusal.reason, refusal.message) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "ERROR_REASON_INVALID_FIELD",
        "the request has no message, or ends inside of it",
    )
    assert list(refusal.fields) == [""]


async def a_second_message_is_refused_where_the_method_takes_one(echo: Echo) -> None:
    said = pb.SayRequest(name="hello").SerializeToString()
    twice: Any = echo.channel.stream_unary("/souk.echo.v1.EchoService/Say")
    refusal = await refused(twice(iter([said, said])))
    assert (refusal.code, refusal.reason, refusal.domain) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "ERROR_REASON_INVALID_FIELD",
        "souk.echo",
    )
    assert refusal.message == "the request has more than one message, but this method takes one"
    assert list(refusal.fields) == [""]


async def a_caller_who_may_not_call_is_told_before_a_message_comes(echo: Echo) -> None:
    call: Any = echo.channel.stream_stream("/souk.echo.v1.EchoService/Repeat")()
    refusal = await asyncio.wait_for(refused(call), 5)
    assert refusal.code is grpc.StatusCode.UNAUTHENTICATED


async def an_error_carries_code_reason_domain_and_metadata(echo: Echo) -> None:
    refusal = await refused(echo.stub.Say(pb.SayRequest(name="nobody")))
    assert (refusal.code, refusal.message) == (grpc.StatusCode.NOT_FOUND, "nobody is there to echo nobody")
    assert (refusal.reason, refusal.domain, refusal.metadata) == ("ERROR_REASON_NO_ECHO", "souk.echo", {"name": "nobody"})


@pytest.mark.parametrize(
    ("name", "reason", "problem"),
    [
        ("unlisted", "ERROR_REASON_UNLISTED", "failed with ERROR_REASON_UNLISTED, which its contract does not list"),
        ("factless", "ERROR_REASON_NO_ECHO", "ERROR_REASON_NO_ECHO and the metadata [], which is not that of its contract"),
    ],
)
async def an_error_that_the_contract_does_not_foresee_is_answered_logged_and_fails_the_test_of_the_service(
    echo: Echo, lines: list[str], name: str, reason: str, problem: str
) -> None:
    assert (await refused(echo.stub.Say(pb.SayRequest(name=name)))).reason == reason
    assert " ERROR " in await logged(lines, problem)
    with pytest.raises(AssertionError, match=reason):
        await echo.stop()


@pytest.mark.parametrize("name", ["panic", "exit", "unserializable", "busy"])
async def a_method_that_fails_answers_internal_and_hides_why(echo: Echo, name: str, lines: list[str]) -> None:
    refusal = await refused(echo.stub.Say(pb.SayRequest(name=name)))
    assert (refusal.code, refusal.message, refusal.reason) == (
        grpc.StatusCode.INTERNAL,
        "internal error",
        "ERROR_REASON_INTERNAL",
    )
    assert re.fullmatch("[0-9a-f]{32}", refusal.metadata["trace_id"])
    # The process continues, and the log has the cause.
    assert (await echo.stub.Say(pb.SayRequest(name="hi"))).name == "hi"
    line = await logged(lines, f"trace.id={refusal.metadata['trace_id']}")
    assert " ERROR request souk.echo.v1.EchoService/Say rpc.code=INTERNAL rpc.reason=ERROR_REASON_INTERNAL" in line
    assert 'error="' in line and ".py:" in line


async def a_stream_that_fails_answers_internal_after_what_it_sent(echo: Echo) -> None:
    call = echo.stub.Repeat(pb.RepeatRequest(name="panic", times=2), metadata=caller("user:alice"))
    assert [(await call.read()).name, (await call.read()).name] == ["panic", "panic"]
    refusal = await refused(call)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INTERNAL, "ERROR_REASON_INTERNAL")


async def a_method_that_is_not_served_is_unimplemented(echo: Echo) -> None:
    for path in ("/souk.echo.v1.EchoService/Sing", "/no.Such/Thing"):
        refusal = await refused(unknown(echo, path))
        assert (refusal.code, refusal.message) == (grpc.StatusCode.UNIMPLEMENTED, f"unknown method {path}")
        assert (refusal.reason, refusal.domain) == ("ERROR_REASON_UNIMPLEMENTED", POLICY)
    refusal = await refused(echo.stub.Nothing(pb.NothingRequest()))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNIMPLEMENTED, "ERROR_REASON_UNIMPLEMENTED")


async def more_requests_than_may_be_in_work_are_refused(start: Start) -> None:
    echo = await start(server__max_requests=1)
    stream = echo.stub.Repeat(pb.RepeatRequest(name="wait", times=1), metadata=caller("user:alice"))
    await stream.read()
    refusal = await refused(echo.stub.Say(pb.SayRequest(name="hi")))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "ERROR_REASON_OVERLOADED")
    stream.cancel()


async def a_caller_may_have_so_many_streams_and_others_theirs(start: Start) -> None:
    echo = await start(server__max_streams_per_caller=1)
    repeat = pb.RepeatRequest(name="wait", times=1)
    first = echo.stub.Repeat(repeat, metadata=caller("user:alice"))
    await first.read()
    refusal = await refused(echo.stub.Repeat(repeat, metadata=caller("user:alice")))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "ERROR_REASON_TOO_MANY_STREAMS")
    other = echo.stub.Repeat(repeat, metadata=caller("user:bob"))
    await other.read()
    first.cancel()
    other.cancel()


async def a_message_that_is_too_large_is_refused(start: Start) -> None:
    echo = await start(server__max_message_bytes=1000)
    refusal = await refused(echo.stub.Say(pb.SayRequest(name="x" * 1000)))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "ERROR_REASON_MESSAGE_TOO_LARGE")
    assert refusal.message == "a message of 1003 bytes is too large, at most 1000 are allowed"


async def a_message_larger_than_its_method_allows_is_refused(echo: Echo) -> None:
    request = pb.SaveRequest(request_id="1", name="x" * 4000)
    refusal = await refused(echo.stub.Save(request, metadata=caller("user:alice")))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "ERROR_REASON_MESSAGE_TOO_LARGE")
    assert refusal.message == "a message of 4006 bytes is too large, at most 3072 are allowed"


@pytest.mark.parametrize(
    ("who", "says"),
    [
        ("a\0b", "control character"),
        ("a\nb", "control character"),
        ("a\x7f", "control character"),
        ("a\x85b", "control character"),
        ("a\x9f", "control character"),
        (" a", "with a space"),
        ("a\u3000", "with a space"),
        ("e\u0301", "normal form C"),
        ("x" * 129, "too long"),
    ],
)
async def an_id_that_is_none_is_refused_with_the_rule(echo: Echo, who: str, says: str) -> None:
    for kind in ("user", "staff", "service"):
        refusal = await refused(echo.stub.Say(pb.SayRequest(name="hi"), metadata=caller(f"{kind}:{who}")))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAUTHENTICATED, "ERROR_REASON_UNAUTHENTICATED")
        assert says in refusal.message and "1 to 128 characters" in refusal.message


async def an_id_may_be_anything_else(echo: Echo) -> None:
    for who in ("x", "a b", "\u00e9", "o'neil@example.com", "\u00e9" * 128, "\U0001f6d2" * 128):
        answer = await echo.stub.Say(pb.SayRequest(name="hi"), metadata=caller(f"user:{who}"))
        assert answer.seen[0] == f"user:{who}"


async def two_tokens_are_refused(echo: Echo) -> None:
    both = (*caller("user:alice"), *caller("user:bob"))
    refusal = await refused(echo.stub.Say(pb.SayRequest(name="hi"), metadata=both))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAUTHENTICATED, "ERROR_REASON_UNAUTHENTICATED")


async def headers_that_are_too_large_are_refused(echo: Echo) -> None:
    await echo.stub.Say(pb.SayRequest(name="hi"), metadata=(("x-long", "x" * 15_000),))
    refusal = await refused(echo.stub.Say(pb.SayRequest(name="hi"), metadata=(("x-long", "x" * 17_000),)))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "ERROR_REASON_HEADERS_TOO_LARGE")


async def a_request_that_is_compressed_is_refused_with_what_is_accepted(echo: Echo) -> None:
    call = echo.stub.Say(pb.SayRequest(name="h" * 1000), compression=grpc.Compression.Gzip)
    refusal = await refused(call)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNIMPLEMENTED, "ERROR_REASON_UNSUPPORTED_COMPRESSION")
    assert refusal.message == "the request is compressed with gzip, but only identity is accepted"


async def every_request_leaves_one_line(start: Start, lines: list[str]) -> None:
    echo = await start(log__format="json")
    await echo.stub.Say(pb.SayRequest(name="hi"), metadata=caller("user:alice@example.com"))
    line = await logged(lines, '"message":"request"')
    assert re.fullmatch(
        r'\{"timestamp":"[0-9T:.-]+Z","level":"INFO","message":"request","rpc.method":"souk.echo.v1.EchoService/Say",'
        r'"rpc.code":"OK","rpc.duration_ms":[0-9.]+,"caller":"user:\[hidden\]","trace.id":"[0-9a-f]{32}"\}',
        line,
    )


async def calls_are_counted_by_method_and_code(echo: Echo) -> None:
    await echo.stub.Say(pb.SayRequest(name="hi"))
    await refused(echo.stub.Say(pb.SayRequest(name="nobody")))
    await refused(unknown(echo, "/no.Such/Thing"))
    _, text = await echo.page("/metrics")
    say = 'rpc_system_name="grpc",rpc_method="souk.echo.v1.EchoService/Say"'
    name = "rpc_server_call_duration_seconds"
    lines = {frozenset(re.findall(r'[a-z_]+="[^"]*"', line)): line for line in text.splitlines() if f"{name}_count" in line}
    assert lines[frozenset([*say.split(","), 'rpc_response_status_code="OK"'])].endswith(" 1.0")
    failed = [*say.split(","), 'rpc_response_status_code="NOT_FOUND"', 'error_type="NOT_FOUND"']
    assert lines[frozenset(failed)].endswith(" 1.0")
    assert 'rpc_method="unknown"' in text and "no.Such" not in text
    buckets = re.findall(r'_bucket\{[^}]*EchoService/Say[^}]*code="OK"[^}]*\}', text)
    edges = [re.findall('le="([^"]+)"', bucket)[0] for bucket in buckets]
    assert " ".join(edges) == "0.005 0.01 0.025 0.05 0.075 0.1 0.25 0.5 0.75 1 2.5 5 7.5 10 +Inf"


async def a_drain_finishes_answers_and_ends_streams(echo: Echo) -> None:
    stream = echo.stub.Repeat(pb.RepeatRequest(name="wait", times=1), metadata=caller("user:alice"))
    await stream.read()
    single = asyncio.ensure_future(echo.stub.Say(pb.SayRequest(name="wait")).code())
    async with asyncio.timeout(30):
        while "souk_requests_in_work 2.0" not in (await echo.page("/metrics"))[1]:
            await asyncio.sleep(0.01)
    await echo.stop_serving()
    refusal = await refused(stream)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "ERROR_REASON_DRAINING")
    assert await single is grpc.StatusCode.DEADLINE_EXCEEDED


async def callers_who_do_not_know_of_the_drain_are_told(echo: Echo) -> None:
    async def call_until_told() -> grpc.StatusCode:
        while (code := await echo.stub.Say(pb.SayRequest(name="hi")).code()) is grpc.StatusCode.OK:
            pass
        return code  # type: ignore[no-any-return]

    calling = [asyncio.create_task(call_until_told()) for _ in range(8)]
    await asyncio.sleep(0.05)
    await echo.stop_serving()
    assert {await one for one in calling} == {grpc.StatusCode.UNAVAILABLE}


async def a_port_is_not_shared_with_another_process(start: Start) -> None:
    echo = await start()
    with pytest.raises(Exception, match=r"server\.listen: cannot listen on"):
        await start("second", server__listen=echo.running.address)


def unknown(echo: Echo, path: str) -> Any:
    """Calls a method that may not be there."""
    raw: Any = echo.channel.unary_unary(path)
    return raw(b"")


async def logged(lines: list[str], wanted: str) -> str:
    """Waits for a line of the log."""
    for _ in range(500):
        for line in lines:
            if wanted in line:
                return line
        await asyncio.sleep(0.01)
    raise AssertionError(f"no line with {wanted} in {lines}")
