// Buyer places an order against a shop and prints its state: what docs/clients.md says about Go, as
// a program. The official protovalidate is beside the contract and knows its rules.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"buf.build/go/protovalidate"

	souk "souk.example/go"
	ordersv1 "souk.example/go/souk/orders/v1"
)

func main() {
	shop, err := souk.Connect(os.Args[1], souk.DevelopmentToken("user:alice"))
	if err != nil {
		log.Fatal(err)
	}
	defer shop.Close()
	orders := ordersv1.NewOrderServiceClient(shop)
	ctx := context.Background()

	request := order("from-go", 2)
	if err := protovalidate.Validate(request); err != nil {
		log.Fatal(err)
	}
	placed, err := orders.PlaceOrder(ctx, request)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(placed.Order.OrderId, placed.Order.State, placed.Order.Total.MinorUnits)

	fmt.Println("not sent:", protovalidate.Validate(order("none-from-go", 0)))

	_, err = orders.PlaceOrder(ctx, order("too-many-from-go", 1_000_000))
	if refused := souk.ErrorOf(err); refused.Has(ordersv1.ErrorReason_ERROR_REASON_OUT_OF_STOCK) {
		fmt.Println(refused.Reason, refused.Metadata["sku"])
	}
}

// order is the same order whenever it is sent with the same id, and placed once.
func order(requestID string, quantity int32) *ordersv1.PlaceOrderRequest {
	return &ordersv1.PlaceOrderRequest{
		RequestId:     requestID,
		CurrencyCode:  "GBP",
		PaymentMethod: "tok_approved",
		Lines: []*ordersv1.PlaceOrderLine{{
			Item:     &ordersv1.PlaceOrderLine_Sku{Sku: "TEA-MINT-100"},
			Quantity: quantity,
		}},
	}
}
