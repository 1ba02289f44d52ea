"""A model comes to be served while answers are given, is kept, and is refused when it is damaged."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from souk.recommendations.v1 import model_pb2
from souk.recommendations.v1 import recommendation_pb2 as pb

from recommendations import bench, generated, model_file
from recommendations.config import Training as Settings
from recommendations.training import Backlog
from support import Shop, eventually, skus

Start = Callable[..., Awaitable[Shop]]
ROWS = generated.purchases(products=1000, customers=50, orders=500)
SKUS = len({row[2] for row in ROWS if row[1]})
CUSTOMER = "customer-00007"
NEVER = {"training__after_orders": 1_000_000, "training__interval_seconds": 0}
SETTINGS = Settings(
    after_orders=10,
    interval_seconds=60,
    pause_seconds=5,
    least_orders=100,
    retry_seconds=1,
    timeout_seconds=9,
    threads=1,
    most_skus=9,
)


@pytest.mark.parametrize(
    ("orders", "since", "seconds", "is_due"),
    [
        (100, 10, 5.0, True), (100, 10, 4.0, False), (100, 9, 59.0, False), (100, 1, 60.0, True),
        (100, 0, 1e9, False), (99, 99, 1e9, False), (100, 1, float("inf"), True),
    ],
)  # fmt: skip
def a_training_is_due_after_enough_orders_or_enough_time(orders: int, since: int, seconds: float, is_due: bool) -> None:
    assert Backlog(orders, since, seconds).is_training_due(SETTINGS) is is_due


def an_interval_of_zero_is_never_over() -> None:
    assert not Backlog(100, 9, 1e9).is_training_due(SETTINGS.model_copy(update={"interval_seconds": 0}))


async def filled(start: Start, tmp_path: Path, **settings: Any) -> Shop:
    """Starts a shop that knows the generated orders."""
    (tmp_path / "0").mkdir()
    await bench.fill(tmp_path / "0", ROWS)
    return await start(**settings)


async def trained(shop: Shop, number: int = 1) -> str:
    """Waits for a training to be served and returns the version of its model."""

    async def is_served() -> bool:
        answer = await shop.model()
        assert not answer.problem, answer.problem
        return int(answer.model.version.partition("-")[0] or 0) >= number

    await eventually(is_served, 60)
    return str((await shop.model()).model.version)


async def a_model_is_trained_and_swapped_in_while_answers_are_given(start: Start, tmp_path: Path) -> None:
    shop = await filled(start, tmp_path, training__after_orders=300)
    versions, stop = set[str](), asyncio.Event()

    async def ask_on() -> int:
        for asked in itertools.count():
            answer = await shop.recommend(CUSTOMER)
            assert len(answer.items) == 20
            versions.add(answer.model_version)
            if stop.is_set():
                return asked
        raise AssertionError

    asking = [asyncio.create_task(ask_on()) for _ in range(4)]
    version = await trained(shop)
    before = await shop.recommend(CUSTOMER)
    stop.set()
    assert sum(await asyncio.gather(*asking)) > 0
    assert versions == {"", version}
    assert before.model_version == version
    assert before.items[0].reason.kind == pb.REASON_KIND_BOUGHT_BEFORE
    new = await shop.recommend(CUSTOMER, exclude_purchased=True)
    assert (new.items[0].reason.kind, new.model_version) == (pb.REASON_KIND_SIMILAR_TO, version)
    assert new.items[0].reason.because_of_sku in {row[2] for row in ROWS if row[1] == CUSTOMER}
    answer = await shop.model()
    assert (answer.order_count, answer.model.order_count, answer.new_order_count, answer.training) == (500, 500, 0, False)
    assert (answer.model.sku_count, answer.model.customer_count) == (SKUS, 50)
    assert answer.model.train_duration.ToMilliseconds() > 0
    recall = {method.method: method.recall for method in answer.model.evaluation.methods}
    assert len(recall) == 5
    served, frequency = recall[model_pb2.RANKING_METHOD_MODEL], recall[model_pb2.RANKING_METHOD_PERSONAL_FREQUENCY]
    assert served > frequency > recall[model_pb2.RANKING_METHOD_POPULARITY]


async def similar_items_come_from_the_model_and_say_so(start: Start, tmp_path: Path) -> None:
    shop = await filled(start, tmp_path, training__after_orders=300)
    version = await trained(shop)
    sku = ROWS[0][2]
    answer = await shop.similar(sku, max_items=3)
    assert (answer.basis, answer.model_version) == (pb.BASIS_BASKET, version)
    assert {item.reason.kind for item in answer.items} == {pb.REASON_KIND_SIMILAR_TO}
    assert {item.reason.because_of_sku for item in answer.items} == {sku}
    assert sku not in skus(answer)


async def new_orders_bring_the_next_version_and_count_before_it(start: Start, tmp_path: Path) -> None:
    shop = await filled(start, tmp_path, training__after_orders=20)
    first = await trained(shop)
    await shop.sell("NEW")
    for number in range(19):
        await shop.place(f"new{number}", "alice", "NEW", ROWS[0][2], at=ROWS[-1][3])
    await shop.settled()
    assert (await shop.model()).new_order_count == 19
    answer = await shop.recommend("alice")
    assert {"NEW", ROWS[0][2]} <= set(skus(answer))
    assert (answer.model_version, answer.basis) == (first, pb.BASIS_PERSONAL)
    await shop.place("one-more", "bob", "NEW", at=ROWS[-1][3])
    second = await trained(shop, number=2)
    assert second.startswith("2-")
    assert (await shop.model()).model.sku_count == SKUS + 1


async def a_start_with_a_stored_model_serves_it_at_once(start: Start, tmp_path: Path) -> None:
    shop = await filled(start, tmp_path, training__after_orders=300)
    version = await trained(shop)
    before = await shop.recommend(CUSTOMER)
    await shop.close()
    await shop.open()
    assert await shop.recommend(CUSTOMER) == before
    answer = await shop.model()
    assert (answer.model.version, answer.problem, answer.training) == (version, "", False)


async def a_damaged_model_is_refused_and_popular_items_are_served(start: Start, tmp_path: Path) -> None:
    shop = await filled(start, tmp_path, training__after_orders=300)
    await trained(shop)
    await shop.close()
    file = shop.folder / model_file.NAME
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 255
    file.write_bytes(data)
    shop.change(**NEVER)
    await shop.open()
    answer = await shop.model()
    assert not answer.HasField("model")
    assert answer.problem == "the stored model was refused: its checksum is wrong"
    stranger = await shop.recommend("a-stranger")
    assert (len(stranger.items), stranger.basis, stranger.model_version) == (20, pb.BASIS_POPULAR, "")
    known = await shop.recommend(CUSTOMER)
    assert (len(known.items), known.basis, known.model_version) == (20, pb.BASIS_PERSONAL, "")
    # The next training mends it, under a number that was never used.
    await shop.close()
    shop.change(training__after_orders=300)
    await shop.open()

    async def is_mended() -> bool:
        return str((await shop.model()).model.version).startswith("2-")

    await eventually(is_mended, 60)
    assert (await shop.model()).problem == ""


async def a_training_that_fails_is_told_of_and_tried_again(start: Start, tmp_path: Path) -> None:
    unfinished = tmp_path / "0" / "recommendations.unfinished"
    unfinished.mkdir(parents=True)
    await bench.fill(tmp_path / "0", ROWS)
    shop = await start(training__after_orders=300, training__retry_seconds=1)

    async def is_told() -> bool:
        return "recommendations.unfinished" in (await shop.model()).problem

    await eventually(is_told, 60)
    assert len((await shop.recommend(CUSTOMER)).items) == 20
    unfinished.rmdir()

    async def is_served() -> bool:
        answer = await shop.model()
        return bool(answer.HasField("model") and not answer.problem)

    await eventually(is_served, 60)


async def a_training_that_takes_too_long_is_ended(start: Start, tmp_path: Path) -> None:
    rows = generated.purchases(products=1500, customers=500, orders=3000)
    (tmp_path / "0").mkdir()
    await bench.fill(tmp_path / "0", rows)
    shop = await start(training__after_orders=300, training__timeout_seconds=1, training__retry_seconds=60)

    async def is_told() -> bool:
        return str((await shop.model()).problem) == "the last training failed: it took longer than 1 s"

    await eventually(is_told, 60)
    assert not (await shop.model()).training


async def a_drain_does_not_wait_for_a_training(start: Start, tmp_path: Path) -> None:
    rows = generated.purchases(products=1500, customers=500, orders=3000)
    (tmp_path / "0").mkdir()
    await bench.fill(tmp_path / "0", rows)
    shop = await start(training__after_orders=300)

    async def is_under_way() -> bool:
        return bool((await shop.model()).training)

    await eventually(is_under_way)
    async with asyncio.timeout(5):
        await shop.close()
