"""Wire to domain and back: the only place where wire data becomes trusted data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from souk.catalog.v1 import product_pb2, variant_pb2
from souk.orders.v1 import events_pb2, order_pb2
from souk.recommendations.v1 import model_pb2, recommendation_pb2
from souk_client import customer_of

from recommendations import evaluation as ways
from recommendations.model import Model
from recommendations.purchase import Claim, Order, OrderLine, OrderState
from recommendations.quality import Evaluation, MethodQuality
from recommendations.ranking import Basis, Pick, Reason
from recommendations.shelf import Shelf
from recommendations.store import ProductChange, VariantChange

ITEMS_UNLESS_ASKED = 20
MOST_TITLE_CHARACTERS = 1_000
"""An answer has at most 100 items with two titles each: 0.8 MiB. Most clients read 4 MiB."""
_CUSTOMER_ID = re.compile("customer_[0-7][0-9a-hjkmnp-tv-z]{25}")
_FIRST_SECOND, _LAST_SECOND, _MOST_NANOS = -62_135_596_800, 253_402_300_799, 999_999_999

_PAID_OF_BEFORE = 3
"""A state of events from before an order had a payment status beside its state."""
_SOLD = frozenset({order_pb2.ORDER_STATE_PLACED, order_pb2.ORDER_STATE_COMPLETED, _PAID_OF_BEFORE})
_VARIANTS_FOR_SALE = frozenset({variant_pb2.VARIANT_STATE_UNSPECIFIED, variant_pb2.VARIANT_STATE_ACTIVE})
"""Events of a time when variants had no state say nothing of it."""
_REASONS = {
    Reason.BOUGHT_BEFORE: recommendation_pb2.REASON_KIND_BOUGHT_BEFORE,
    Reason.SIMILAR_TO: recommendation_pb2.REASON_KIND_SIMILAR_TO,
    Reason.BOUGHT_TOGETHER_WITH: recommendation_pb2.REASON_KIND_BOUGHT_TOGETHER_WITH,
    Reason.POPULAR: recommendation_pb2.REASON_KIND_POPULAR,
}
_BASES = {
    Basis.PERSONAL: recommendation_pb2.BASIS_PERSONAL,
    Basis.BASKET: recommendation_pb2.BASIS_BASKET,
    Basis.POPULAR: recommendation_pb2.BASIS_POPULAR,
}
_METHODS = {
    ways.MODEL: model_pb2.RANKING_METHOD_MODEL,
    ways.POPULARITY: model_pb2.RANKING_METHOD_POPULARITY,
    ways.PERSONAL_FREQUENCY: model_pb2.RANKING_METHOD_PERSONAL_FREQUENCY,
    ways.MODEL_NEW: model_pb2.RANKING_METHOD_MODEL_EXCLUDE_PURCHASED,
    ways.POPULARITY_NEW: model_pb2.RANKING_METHOD_POPULARITY_EXCLUDE_PURCHASED,
}


def most_items(asked: int) -> int:
    """Returns how many items to answer."""
    return asked or ITEMS_UNLESS_ASKED


def items(shelf: Shelf, skus: Sequence[str]) -> list[int]:
    """Returns the numbers of the known skus, each once and in order."""
    found = (shelf.find(sku) for sku in dict.fromkeys(skus))
    return [number for number in found if number is not None]


class UnreadableError(ValueError):
    """A message that says what cannot be; it never will be readable."""


def order(message: order_pb2.Order) -> Order:
    """Reads the order of an event. Raises UnreadableError when it has no id or an invalid time."""
    if not message.order_id:
        raise UnreadableError("an order without an id")
    moment = message.effective_time if message.HasField("effective_time") else message.create_time
    lines = tuple(OrderLine(line.sku, line.quantity, line.refunded_quantity) for line in message.lines)
    is_paid_back = message.payment_status == order_pb2.PAYMENT_STATUS_REFUNDED
    state = OrderState.SOLD if message.state in _SOLD and not is_paid_back else OrderState.UNDONE
    return Order(message.order_id, _customer(message.customer_id), message.version, micros(moment), state, lines)


def claim(message: events_pb2.GuestClaimed) -> Claim:
    """Reads whom a customer has claimed. Raises UnreadableError when it does not name a guest and another customer."""
    guest, customer = message.guest_customer_id, message.customer_id
    if guest == customer or not all(_CUSTOMER_ID.fullmatch(one) for one in (guest, customer)):
        raise UnreadableError("a claim without a guest and a customer")
    return Claim(guest, customer)


def product(message: product_pb2.Product) -> tuple[ProductChange, int]:
    """Reads a product, and when it changed in microseconds since 1970. Raises UnreadableError."""
    if not message.product_id:
        raise UnreadableError("a product without an id")
    is_for_sale = message.state == product_pb2.PRODUCT_STATE_ACTIVE
    return ProductChange(message.product_id, _title(message.title), is_for_sale), micros(message.update_time)


def variant(message: variant_pb2.Variant) -> tuple[VariantChange, int]:
    """Reads a variant, and when it changed in microseconds since 1970. Raises UnreadableError."""
    if not message.sku:
        raise UnreadableError("a variant without a sku")
    is_for_sale = message.state in _VARIANTS_FOR_SALE
    change = VariantChange(message.sku, message.product_id, _title(message.title), is_for_sale)
    return change, micros(message.update_time)


def micros(moment: Timestamp) -> int:
    """Reads a time in microseconds since 1970. Raises UnreadableError outside the years 1 to 9999."""
    if not (_FIRST_SECOND <= moment.seconds <= _LAST_SECOND and 0 <= moment.nanos <= _MOST_NANOS):
        raise UnreadableError("a time outside the years 1 to 9999")
    return moment.ToMicroseconds()


def _customer(named: str) -> str:
    """Returns the customer of an order. Events of before customers had ids hold the name of a user."""
    return named if not named or _CUSTOMER_ID.fullmatch(named) else customer_of(f"user:{named}")


def _title(text: str) -> str:
    """Cuts what no honest title is, so that the longest answer stays far below what a client reads."""
    return text[:MOST_TITLE_CHARACTERS]


def recommendations(shelf: Shelf, picks: Sequence[Pick], model_version: str = "") -> recommendation_pb2.RecommendationList:
    """Writes picks, and the version of the model that they come from, if one was used."""
    return recommendation_pb2.RecommendationList(
        items=[_recommendation(shelf, pick) for pick in picks],
        # Where there is no pick, nothing but what is popular was left.
        basis=_BASES[picks[0].basis] if picks else recommendation_pb2.BASIS_POPULAR,
        model_version=model_version,
    )


def model(trained: Model) -> model_pb2.Model:
    """Writes what a model is, not what it learned."""
    provenance = trained.provenance
    message = model_pb2.Model(
        version=trained.version,
        train_time=timestamp(provenance.train_time),
        train_duration=timedelta(milliseconds=provenance.train_milliseconds),
        order_count=provenance.orders,
        customer_count=provenance.customers,
        sku_count=len(trained.weighing.skus),
    )
    if provenance.evaluation is not None:
        message.evaluation.CopyFrom(_evaluation(provenance.evaluation))
    return message


def timestamp(micros: int) -> Timestamp:
    """Writes a time in microseconds since 1970."""
    message = Timestamp()
    message.FromMicroseconds(micros)
    return message


def _recommendation(shelf: Shelf, pick: Pick) -> recommendation_pb2.Recommendation:
    reason = recommendation_pb2.RecommendationReason(kind=_REASONS[pick.reason])
    if pick.because is not None:
        reason.because_of_sku, reason.because_of_title = shelf.skus[pick.because], shelf.title(pick.because)
    return recommendation_pb2.Recommendation(
        sku=shelf.skus[pick.item],
        product_id=shelf.product_id(pick.item),
        title=shelf.title(pick.item),
        score=pick.score,
        reason=reason,
        basis=_BASES[pick.basis],
    )


def _evaluation(evaluation: Evaluation) -> model_pb2.Evaluation:
    return model_pb2.Evaluation(
        split_time=timestamp(evaluation.split_time),
        customer_count=evaluation.customers,
        methods=[_method(method) for method in evaluation.methods],
    )


def _method(method: MethodQuality) -> model_pb2.MethodQuality:
    return model_pb2.MethodQuality(
        method=_METHODS[method.method],
        recall=method.recall,
        ndcg=method.ndcg,
        recall_repeat=method.recall_repeat,
        ndcg_repeat=method.ndcg_repeat,
        recall_explore=method.recall_explore,
        ndcg_explore=method.ndcg_explore,
    )
