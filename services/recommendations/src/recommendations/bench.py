"""`python -m recommendations bench`: how long an answer takes, over gRPC, with nothing else to do and while a model is trained.

A shop is generated, a model is trained, and the service is started as a process of its own on a database on disk. Calls come at
a fixed rate and are counted from when they were due, so that one that is slow does not hide those behind it. The health check
stands beside the methods: it passes the same runtime, and tells what of a figure is the machine's.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub
from souk.recommendations.v1 import recommendation_service_pb2 as pb
from souk.recommendations.v1.recommendation_service_pb2_grpc import RecommendationServiceStub
from souk_chassis import Caller, Store, Tx, development_token
from souk_client import customer_of

from recommendations import generated, model_file, store
from recommendations.purchase import Order, OrderLine, OrderState

DATABASE = "recommendations.sqlite3"
_LIMIT_MILLISECONDS = 20.0
_METADATA = (("authorization", f"Bearer {development_token(Caller('staff', 'bench'), ['recommendations.read'])}"),)

Call = Callable[[], Any]
Rows = Sequence[tuple[str, str, str, int]]
FLOOR = "(health check)"


def run(arguments: Sequence[str]) -> int:
    """Prints the figures; returns 1 when the slowest hundredth of any method takes 20 ms or more while nothing is trained."""
    parser = argparse.ArgumentParser("recommendations bench", description=__doc__)
    parser.add_argument("--products", type=int, default=4_000)
    parser.add_argument("--customers", type=int, default=3_000)
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=100, help="calls a second")
    parser.add_argument("--seconds", type=int, default=10, help="for each method")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="souk-recommendations-") as folder:
        slowest = _measure(Path(folder), options)
    return 0 if slowest < _LIMIT_MILLISECONDS else 1


def _measure(folder: Path, options: argparse.Namespace) -> float:
    rows = generated.purchases(options.products, options.customers, options.orders)
    asyncio.run(fill(folder, rows))
    training = [sys.executable, "-m", "recommendations", "train", "--database", str(folder / DATABASE)]
    training += ["--model", str(folder / model_file.NAME), "--number", "1", "--most-skus", "8000"]
    started = time.monotonic()
    subprocess.run(training, check=True, env=_environment(folder))
    sold = len({row[2] for row in rows})
    print(f"{options.products} products ({sold} sold), {options.orders} orders; trained in {time.monotonic() - started:.1f} s")

    # Else the garbage collector would go through the generated shop while calls are timed.
    gc.collect()
    gc.freeze()
    process = subprocess.Popen([sys.executable, "-m", "recommendations"], env=_environment(folder), stderr=subprocess.DEVNULL)
    try:
        address = _address(folder / "ready", process)
        slowest = asyncio.run(_table("with nothing else to do", address, rows, options))
        learner = subprocess.Popen(training, env=_environment(folder))
        try:
            asyncio.run(_table("while a model is trained", address, rows, options, until=lambda: learner.poll() is not None))
        finally:
            learner.kill()
            learner.wait()
        return slowest
    finally:
        process.terminate()
        process.wait()


async def fill(folder: Path, rows: Rows) -> None:
    """Writes orders, and a product for sale for each of their skus, into a database in the folder."""
    database = Store.open(folder / DATABASE, store.MIGRATIONS)
    orders = [list(lines) for _, lines in groupby(rows, key=lambda row: row[0])]

    def products(tx: Tx) -> None:
        for sku in sorted({row[2] for row in rows}):
            store.put_product(tx, store.ProductChange(f"product-{sku}", f"Product {sku}", True), 0)
            store.put_variant(tx, store.VariantChange(sku, f"product-{sku}", "", True), 0)

    def writing(some: Sequence[Rows]) -> Callable[[Tx], None]:
        def write(tx: Tx) -> None:
            for lines in some:
                order_id, customer, _, moment = lines[0]
                items = tuple(OrderLine(line[2], 1, 0) for line in lines)
                store.put_order(tx, Order(order_id, _id_of(customer), 1, moment, OrderState.SOLD, items))

        return write

    await database.write(products)
    for first in range(0, len(orders), 500):
        await database.write(writing(orders[first : first + 500]))
    await database.close()


def _id_of(customer: str) -> str:
    return customer_of(f"user:{customer}") if customer else ""


def _calls(channel: grpc.aio.Channel, rows: Rows) -> dict[str, Call]:
    stub, health = RecommendationServiceStub(channel), HealthStub(channel)
    chance = random.Random(1)
    customers = sorted({_id_of(row[1]) for row in rows if row[1]})
    skus = sorted({row[2] for row in rows})

    def recommend() -> Any:
        return stub.ListRecommendations(pb.ListRecommendationsRequest(customer_id=chance.choice(customers)), metadata=_METADATA)

    def similar() -> Any:
        return stub.ListSimilarProducts(pb.ListSimilarProductsRequest(sku=chance.choice(skus)), metadata=_METADATA)

    def together() -> Any:
        basket = chance.sample(skus, 5)
        return stub.ListProductsBoughtTogether(pb.ListProductsBoughtTogetherRequest(skus=basket), metadata=_METADATA)

    def popular() -> Any:
        return stub.ListPopularProducts(pb.ListPopularProductsRequest(), metadata=_METADATA)

    def check() -> Any:
        return health.Check(health_pb2.HealthCheckRequest())

    return {
        FLOOR: check,
        "ListRecommendations": recommend,
        "ListSimilarProducts": similar,
        "ListProductsBoughtTogether": together,
        "ListPopularProducts": popular,
    }


async def _table(
    title: str, address: str, rows: Rows, options: argparse.Namespace, until: Callable[[], bool] = lambda: False
) -> float:
    print(f"\n{title}, {options.rate} calls a second\n")
    print("| method | p50 ms | p99 ms | worst ms | calls |\n| --- | ---: | ---: | ---: | ---: |")
    slowest = 0.0
    async with grpc.aio.insecure_channel(address) as channel:
        for name, call in _calls(channel, rows).items():
            for _ in range(20):
                await call()
            took = sorted(await _at_a_rate(call, options.rate, options.rate * options.seconds, until))
            if not took:
                break
            p50, p99 = took[len(took) // 2], took[int(len(took) * 0.99)]
            print(f"| {name} | {p50:.1f} | {p99:.1f} | {took[-1]:.1f} | {len(took)} |", flush=True)
            slowest = slowest if name == FLOOR else max(slowest, p99)
    return slowest


async def _at_a_rate(call: Call, rate: int, count: int, until: Callable[[], bool]) -> list[float]:
    """Returns how many milliseconds each call took from when it was due."""
    begin = time.monotonic() + 0.05

    async def one(due: float) -> float:
        await call()
        return (time.monotonic() - due) * 1000

    under_way: list[asyncio.Task[float]] = []
    for number in range(count):
        due = begin + number / rate
        if until():
            break
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        under_way.append(asyncio.create_task(one(due)))
    return await asyncio.gather(*under_way)


def _address(ready: Path, process: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + 60
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"the service is not serving (exit code {process.returncode})")
        time.sleep(0.02)
    return dict(line.split("=", 1) for line in ready.read_text().split())["grpc"]


def _environment(folder: Path) -> dict[str, str]:
    """Returns the environment that the service runs with; a training gets one thread, as from the service."""
    settings = {
        "DATA_DIR": str(folder),
        "SERVER__LISTEN": "127.0.0.1:0",
        "SERVER__METRICS_LISTEN": "127.0.0.1:0",
        "SERVER__READY_FILE": str(folder / "ready"),
        "TRAINING__INTERVAL_SECONDS": "0",
        "TRAINING__AFTER_ORDERS": "1000000",
    }
    own = {f"RECOMMENDATIONS__{name}": value for name, value in settings.items()}
    return dict(os.environ) | own | {"OPENBLAS_NUM_THREADS": "1"}
