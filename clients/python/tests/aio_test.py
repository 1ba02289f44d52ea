"""The same core for asyncio."""

import asyncio
import threading
from contextlib import aclosing

import grpc
import pytest
from grpc import RpcError, StatusCode

from core_test import GET, away, listing, out_of_stock, watching
from shop import TLS, Script, refuse, served
from souk.events.v1.events_service_pb2 import SubscribeRequest, SubscribeResponse, SubscribeStarted
from souk.events.v1.events_service_pb2_grpc import EventServiceStub
from souk.orders.v1 import order_service_pb2 as pb
from souk.orders.v1.order_service_pb2_grpc import OrderServiceStub
from souk_client import SoukError, connect_aio, development_token, items_aio, pages_aio, watch_aio


def talk(script, conversation):
    """Serves the script and runs a conversation of a customer with it."""

    async def run(address):
        async with connect_aio(address, as_="user:alice") as shop:
            return await asyncio.wait_for(conversation(OrderServiceStub(shop), EventServiceStub(shop)), 30)

    with served(script) as address:
        return asyncio.run(run(address))


def test_the_token_and_the_contracts_deadline_go_with_each_call():
    async def conversation(orders, _):
        call = orders.GetOrder(GET)
        assert await call == pb.GetOrderResponse()
        assert await call.code() is StatusCode.OK
        await asyncio.gather(orders.GetOrder(GET, timeout=30))

    script = Script()
    talk(script, conversation)
    first, second = script.seen
    assert first.headers["authorization"] == f"Bearer {development_token('user:alice')}"
    # gRPC rounds what is left when it writes it down.
    assert 1 < first.remaining < 3 < 29 < second.remaining < 31


def test_the_scopes_go_with_the_caller():
    async def conversation(address):
        async with connect_aio(address, as_="staff:ann", scopes=["orders.read"]) as shop:
            await OrderServiceStub(shop).GetOrder(GET)

    script = Script()
    with served(script) as address:
        asyncio.run(asyncio.wait_for(conversation(address), 30))
    assert script.seen[0].headers["authorization"] == f"Bearer {development_token('staff:ann', scopes=['orders.read'])}"


def test_a_shop_that_is_away_is_asked_three_times_and_then_the_failure_is_told():
    script = Script(get=away)
    with pytest.raises(SoukError) as raised:
        talk(script, lambda orders, _: asyncio.wait_for(orders.GetOrder(GET), 10))
    assert (raised.value.code, len(script.seen)) == (StatusCode.UNAVAILABLE, 3)


def test_a_shop_is_reached_over_tls():
    async def conversation(address):
        trusted = grpc.ssl_channel_credentials((TLS / "certificate.pem").read_bytes())
        async with connect_aio(f"https://{address}", token="one", tls=trusted) as shop:
            await shop.channel_ready()
            await OrderServiceStub(shop).GetOrder(GET)

    script = Script()
    with served(script, tls=True) as address:
        asyncio.run(asyncio.wait_for(conversation(address), 30))
    assert script.seen[0].headers["authorization"] == "Bearer one"


async def place(orders):
    await orders.PlaceOrder(pb.PlaceOrderRequest())


async def iterate(orders):
    async for _ in orders.WatchOrder(pb.WatchOrderRequest()):
        pass


async def read(orders):
    await orders.WatchOrder(pb.WatchOrderRequest()).read()


@pytest.mark.parametrize("form", [place, iterate, read])
def test_a_refusal_in_every_form_of_call_tells_its_reason_and_its_facts(form):
    script = Script(place=out_of_stock, watching=out_of_stock)
    with pytest.raises(SoukError) as raised:
        talk(script, lambda orders, _: form(orders))
    error = raised.value
    assert (error.code, error.reason, error.metadata) == (
        StatusCode.FAILED_PRECONDITION,
        "ERROR_REASON_OUT_OF_STOCK",
        {"sku": "TEA"},
    )
    assert (error.retry_after, isinstance(error.__cause__, RpcError)) == (2.5, True)
    assert len(script.seen) == 1


def test_streams_go_both_ways():
    def subscribing(requests, context):
        for request in requests:
            yield SubscribeResponse(started=SubscribeStarted())
            if request.HasField("update"):
                refuse(context, StatusCode.ABORTED, "moved")

    async def conversation(_, events):
        stream = events.Subscribe()
        await stream.write(SubscribeRequest(start={}))
        assert (await stream.read()).HasField("started")
        await stream.write(SubscribeRequest(update={}))
        assert (await stream.read()).HasField("started")
        await stream.read()

    with pytest.raises(SoukError, match="moved"):
        talk(Script(subscribing=subscribing), conversation)


def test_items_of_all_pages_are_read_one_after_another():
    async def conversation(orders, _):
        def ask(token):
            return orders.ListOrders(pb.ListOrdersRequest(page_token=token))

        ids = [order.order_id async for order in items_aio(ask, lambda page: page.orders)]
        return ids, len([page async for page in pages_aio(ask)])

    assert talk(Script(listing=listing), conversation) == (["order_0", "order_1", "order_2"], 3)


def test_a_watched_stream_that_breaks_goes_on_where_it_was():
    async def conversation(orders, _):
        answers = watch_aio(lambda token: orders.WatchOrder(pb.WatchOrderRequest(resume_token=token)))
        return [answer.resume_token async for answer in answers]

    script = Script(watching=watching)
    assert talk(script, conversation) == ["1", "2", "3"]
    assert [seen.request.resume_token for seen in script.seen] == ["", "1", "2"]


def test_whoever_leaves_a_watched_stream_cancels_it():
    left = threading.Event()

    def endless(request, context):
        context.add_callback(left.set)
        yield pb.WatchOrderResponse(resume_token="1")
        left.wait(30)

    async def conversation(orders, _):
        async with aclosing(watch_aio(lambda token: orders.WatchOrder(pb.WatchOrderRequest(resume_token=token)))) as answers:
            async for _ in answers:
                break
        return await asyncio.to_thread(left.wait, 10)

    assert talk(Script(watching=endless), conversation)
