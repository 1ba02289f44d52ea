"""Lists that come in pages (AIP-158), read as if they did not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import Protocol, TypeVar


class Page(Protocol):
    """An answer that says where the next one begins."""

    @property
    def next_page_token(self) -> str:
        """Empty in the last page."""
        ...


P = TypeVar("P", bound=Page)
T = TypeVar("T")


def pages(ask: Callable[[str], P]) -> Iterator[P]:
    """Asks for page after page until the last.

    `for page in pages(lambda token: orders.ListOrders(ListOrdersRequest(page_size=100, page_token=token))): …`
    """
    token = ""
    while True:
        page = ask(token)
        yield page
        token = page.next_page_token
        if not token:
            return


def items(ask: Callable[[str], P], of: Callable[[P], Iterable[T]]) -> Iterator[T]:
    """Reads every item of every page; the next page is asked for when its first item is wanted.

    `for order in items(lambda token: orders.ListOrders(ListOrdersRequest(page_token=token)), lambda page: page.orders): …`
    """
    for page in pages(ask):
        yield from of(page)


async def pages_aio(ask: Callable[[str], Awaitable[P]]) -> AsyncIterator[P]:
    """Does what `pages` does, with stubs on a channel of `connect_aio`."""
    token = ""
    while True:
        page = await ask(token)
        yield page
        token = page.next_page_token
        if not token:
            return


async def items_aio(ask: Callable[[str], Awaitable[P]], of: Callable[[P], Iterable[T]]) -> AsyncIterator[T]:
    """Does what `items` does, with stubs on a channel of `connect_aio`."""
    async for page in pages_aio(ask):
        for item in of(page):
            yield item
