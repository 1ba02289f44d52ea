"""The key of an event is the field that the contract names; a message without one is not published."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from souk.echo.v1 import echo_pb2
from souk.echo.v1.events_pb2 import Happened
from souk.orders.v1.events_pb2 import OrderPlaced
from souk.orders.v1.order_pb2 import Order
from souk.policy.v1 import event_pb2

from echo import MIGRATIONS
from souk_chassis import Store, Tx
from souk_chassis.key import key_of


async def the_key_of_an_event_is_what_the_contract_says(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "echo.sqlite3", MIGRATIONS)
    for event in (Happened(name="a"), OrderPlaced(order=Order(order_id="order_1")), OrderPlaced()):
        await store.write(partial(Tx.publish, event=event))
    written = await store.read(lambda reader: reader.execute("SELECT kind, subject FROM souk_outbox ORDER BY rowid").fetchall())
    await store.close()
    assert written == [
        ("souk.echo.v1.Happened", "a"),
        ("souk.orders.v1.OrderPlaced", "order_1"),
        ("souk.orders.v1.OrderPlaced", ""),
    ]


async def an_event_leaves_out_what_is_personal_or_secret(tmp_path: Path) -> None:
    ann, nobody = Happened.Witness(place="door", name="Ann"), Happened.Witness(place="door")
    event = Happened(name="a", first=ann, others=[ann], by_day={"monday": ann}, page="https://souk.example/p?key=1")
    store = Store.open(tmp_path / "echo.sqlite3", MIGRATIONS)
    await store.write(partial(Tx.publish, event=event))
    payload = await store.read(lambda reader: reader.execute("SELECT payload FROM souk_outbox").fetchone()[0])
    await store.close()
    assert Happened.FromString(payload) == Happened(name="a", first=nobody, others=[nobody], by_day={"monday": nobody})
    # The caller's message is as it was.
    assert event.first == ann


async def what_the_contract_does_not_call_an_event_is_not_published(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "echo.sqlite3", MIGRATIONS)
    with pytest.raises(ValueError, match=r"^souk\.echo\.v1\.SayRequest has no souk\.policy\.v1\.event option"):
        await store.write(lambda tx: tx.publish(echo_pb2.SayRequest(name="a")))
    assert await store.read(lambda reader: reader.execute("SELECT count(*) FROM souk_outbox").fetchone()) == (0,)
    await store.close()


def odd_event(path: str) -> Message:
    """Returns an event with fields of several kinds, whose key is said to be at `path`."""
    what = DescriptorProto(name="Odd")
    for number, name, label, kind in (
        (1, "text", FieldDescriptorProto.LABEL_OPTIONAL, FieldDescriptorProto.TYPE_STRING),
        (2, "texts", FieldDescriptorProto.LABEL_REPEATED, FieldDescriptorProto.TYPE_STRING),
        (3, "number", FieldDescriptorProto.LABEL_OPTIONAL, FieldDescriptorProto.TYPE_INT64),
        (4, "odd", FieldDescriptorProto.LABEL_OPTIONAL, FieldDescriptorProto.TYPE_MESSAGE),
        (5, "odds", FieldDescriptorProto.LABEL_REPEATED, FieldDescriptorProto.TYPE_MESSAGE),
    ):
        of = ".odd.v1.Odd" if kind == FieldDescriptorProto.TYPE_MESSAGE else None
        what.field.add(name=name, number=number, label=label, type=kind, type_name=of)
    what.oneof_decl.add(name="choice")
    what.field.add(name="chosen", number=6, label=FieldDescriptorProto.LABEL_OPTIONAL, type="TYPE_STRING", oneof_index=0)
    option: Any = event_pb2.event
    what.options.Extensions[option].key = path
    pool = DescriptorPool()
    file = FileDescriptorProto(name="odd.proto", package="odd.v1", syntax="proto3", message_type=[what])
    pool.AddSerializedFile(file.SerializeToString())
    return GetMessageClass(pool.FindMessageTypeByName("odd.v1.Odd"))()


@pytest.mark.parametrize(
    "path", ["", "nobody", "texts", "number", "odd", "odds.text", "text.text", "odd.nobody", "nobody.text", "chosen"]
)
def a_key_that_is_no_text_of_the_event_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=rf'^souk\.policy\.v1\.event\.key of odd\.v1\.Odd is "{path}", which does not lead'):
        key_of(odd_event(path))
    assert key_of(odd_event("odd.odd.text")) == ""
