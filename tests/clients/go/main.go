// Buyer places an order against a shop and prints its state: what docs/clients.md says about Go, as a program.
package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log"
	"os"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	orders "souk.test/buyer/gen/souk/orders/v1"
)

// developmentKey signs development tokens unless a shop is configured with another. It is no secret.
const developmentKey = "souk-development-key-that-is-no-secret"

// developmentToken returns a token for user:ID, service:NAME or staff. Only shops on loopback addresses accept it.
func developmentToken(who string) string {
	payload := base64.RawURLEncoding.EncodeToString([]byte(who))
	mac := hmac.New(sha256.New, []byte(developmentKey))
	mac.Write([]byte(payload))
	return "souk-dev." + payload + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func main() {
	shop, err := grpc.NewClient("passthrough:///"+os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer shop.Close()
	buyer := orders.NewOrderServiceClient(shop)
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+developmentToken("user:alice"))

	placed, err := buyer.PlaceOrder(ctx, order("from-go", 2))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(placed.Order.OrderId, placed.Order.State, placed.Order.Total.MinorUnits)

	_, err = buyer.PlaceOrder(ctx, order("too-many-from-go", 1_000_000))
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			fmt.Println(info.Reason, info.Metadata["sku"])
		}
	}
}

// order is the same order whenever it is sent with the same id, and placed once.
func order(requestID string, quantity int64) *orders.PlaceOrderRequest {
	return &orders.PlaceOrderRequest{
		RequestId:     requestID,
		CurrencyCode:  "GBP",
		PaymentMethod: "tok_approved",
		Lines: []*orders.PlaceOrderLine{{
			Item:     &orders.PlaceOrderLine_Sku{Sku: "TEA-MINT-100"},
			Quantity: quantity,
		}},
	}
}
