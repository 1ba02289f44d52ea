"""What the shop sells, in memory: every sku under a number, with its title, its product and whether it is for sale.

**Invariant:** a number is never given to another sku. A sku without a known product that is for sale is not for sale.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

_UNKNOWN = -1


@dataclass(slots=True)
class _Product:
    number: int
    product_id: str
    title: str = ""
    is_active: bool = False
    items: list[int] = field(default_factory=list)


class Shelf:
    """Skus by number, and what is known of each."""

    def __init__(self) -> None:
        self.skus: list[str] = []
        self._numbers: dict[str, int] = {}
        self._titles: list[str] = []
        self._products: dict[str, _Product] = {}
        self._by_number: list[_Product] = []
        self._product: npt.NDArray[np.int32] = np.full(64, _UNKNOWN, np.int32)
        self._is_active: npt.NDArray[np.bool_] = np.zeros(64, np.bool_)
        self._is_for_sale: npt.NDArray[np.bool_] = np.zeros(64, np.bool_)

    def __len__(self) -> int:
        return len(self.skus)

    @property
    def is_for_sale(self) -> npt.NDArray[np.bool_]:
        """Returns, by number, whether a sku may be recommended."""
        return self._is_for_sale[: len(self.skus)]

    @property
    def product(self) -> npt.NDArray[np.int32]:
        """Returns, by number, the number of a sku's product; -1 where it is not known."""
        return self._product[: len(self.skus)]

    def find(self, sku: str) -> int | None:
        """Returns the number of a sku, if it is known."""
        return self._numbers.get(sku)

    def number(self, sku: str) -> int:
        """Returns the number of a sku, and gives it one if it has none."""
        number = self._numbers.get(sku)
        if number is None:
            number = self._numbers[sku] = len(self.skus)
            self.skus.append(sku)
            self._titles.append("")
            if number == len(self._product):
                self._product = np.concatenate([self._product, np.full(number, _UNKNOWN, np.int32)])
                self._is_active = np.concatenate([self._is_active, np.zeros(number, np.bool_)])
                self._is_for_sale = np.concatenate([self._is_for_sale, np.zeros(number, np.bool_)])
        return number

    def put_product(self, product_id: str, title: str, is_active: bool) -> None:
        """Takes over how a product is called and whether it is for sale."""
        product = self._known(product_id)
        product.title, product.is_active = title, is_active
        self._is_for_sale[product.items] = self._is_active[product.items] & is_active

    def put_variant(self, sku: str, product_id: str, title: str, is_active: bool = True) -> None:
        """Stores the product of a sku, what distinguishes it from the product's other variants, and whether it is for sale."""
        product, number = self._known(product_id), self.number(sku)
        self._titles[number] = title
        if self._product[number] != product.number:
            self._product[number] = product.number
            product.items.append(number)
        self._is_active[number] = is_active
        self._is_for_sale[number] = is_active and product.is_active

    def title(self, number: int) -> str:
        """Returns the title of the product and, where the variant has one, that of the variant; empty if not known."""
        product = self._product_of(number)
        if product is None:
            return ""
        return " ".join(part for part in (product.title, self._titles[number]) if part)

    def product_id(self, number: int) -> str:
        """Returns the id of a sku's product; empty if not known."""
        product = self._product_of(number)
        return product.product_id if product else ""

    def _product_of(self, number: int) -> _Product | None:
        product = int(self._product[number])
        return None if product == _UNKNOWN else self._by_number[product]

    def _known(self, product_id: str) -> _Product:
        product = self._products.get(product_id)
        if product is None:
            product = self._products[product_id] = _Product(len(self._by_number), product_id)
            self._by_number.append(product)
        return product
