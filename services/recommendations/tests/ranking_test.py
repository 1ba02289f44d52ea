"""The content of the shelf, and how a response is assembled."""

from __future__ import annotations

from recommendations.history import History
from recommendations.ranking import Basis, Ranking
from recommendations.shelf import Shelf


def shelf_of(count: int) -> Shelf:
    shelf = Shelf()
    for number in range(count):
        shelf.put_product(f"p{number}", f"Product {number}", True)
        shelf.put_variant(f"s{number}", f"p{number}", "")
    return shelf


def a_sku_is_for_sale_only_while_its_product_is_known_and_active() -> None:
    shelf = Shelf()
    number = shelf.number("A")
    assert not shelf.is_for_sale[number]
    assert (shelf.title(number), shelf.product_id(number)) == ("", "")
    shelf.put_variant("A", "p", "large")
    assert not shelf.is_for_sale[number]
    shelf.put_product("p", "Rug", True)
    assert shelf.is_for_sale[number]
    assert (shelf.title(number), shelf.product_id(number)) == ("Rug large", "p")
    shelf.put_variant("A", "p", "large", False)
    assert not shelf.is_for_sale[number]
    shelf.put_product("p", "Rug", True)
    assert not shelf.is_for_sale[number]
    shelf.put_variant("A", "p", "large")
    assert shelf.is_for_sale[number]
    shelf.put_product("p", "Rug", False)
    assert not shelf.is_for_sale[number]
    assert shelf.number("A") == number == shelf.find("A")


def a_shelf_grows_and_keeps_its_numbers() -> None:
    shelf = shelf_of(1000)
    assert [shelf.find(f"s{number}") for number in range(1000)] == list(range(1000))
    assert shelf.is_for_sale.all()
    assert len(set(shelf.product.tolist())) == 1000


def of_equal_items_the_one_known_first_comes_first_on_a_shelf_of_any_size() -> None:
    shelf, history = shelf_of(500), History(10)
    history.put("o", 0, list(range(500)))
    assert [pick.item for pick in Ranking(shelf, history, None).popular(20)] == list(range(20))


def an_answer_is_filled_although_its_best_items_are_all_of_one_product() -> None:
    shelf, history = Shelf(), History(1000)
    shelf.put_product("tea", "Tea", True)
    for number in range(200):
        shelf.put_variant(f"tea-{number}", "tea", str(number))
    shelf.put_product("rug", "Rug", True)
    shelf.put_variant("rug", "rug", "")
    for order in range(3):
        history.put(f"o{order}", 0, list(range(200)))
    history.put("last", 0, [200])
    assert [pick.item for pick in Ranking(shelf, history, None).popular(2)] == [0, 200]


def scores_of_one_basis_and_reason_never_grow() -> None:
    shelf, history = shelf_of(40), History(100)
    for order in range(30):
        history.put(f"o{order}", order, [order, order + 1, order % 7])
    picks = Ranking(shelf, history, None).together([3, 5], 30)
    for basis in Basis:
        scores = [pick.score for pick in picks if pick.basis is basis]
        assert scores == sorted(scores, reverse=True)
    assert {pick.basis for pick in picks} == {Basis.BASKET, Basis.POPULAR}
    assert not {3, 5} & {pick.item for pick in picks}
