package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	souk "souk.example/go"
	wishlistsv1 "souk.example/go/souk/wishlists/v1"
)

func TestAWishlistIsKeptAcrossARestart(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		set := map[string]string{"data_dir": t.TempDir()}
		first := start(t, url, set)
		created := first.createIn("user:alice", "Birthday", "GBP", "MUG-1", "TEA-2", "MUG-1")
		equal(t, strings.HasPrefix(created.GetWishlistId(), "wishlist_"), true)
		equal(t, created.GetCustomerId(), alice)
		equal(t, created.GetCreateTime().AsTime(), noon)
		equal(t, skusOf(created), []string{"MUG-1", "TEA-2"})
		equal(t, len(first.findings()), 0)
		must(t, first.Stop())

		second := start(t, url, set)
		request := &wishlistsv1.GetWishlistRequest{WishlistId: created.GetWishlistId()}
		found, err := second.client("user:alice").GetWishlist(t.Context(), request)
		must(t, err)
		equal(t, proto.Equal(found.GetWishlist(), created), true)
	})
}

func TestCreatingTwiceWithOneRequestIDGivesOneWishlist(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		service := start(t, url, nil)
		first, second := service.create("user:alice", "Birthday"), service.create("user:alice", "Birthday")
		equal(t, first.GetWishlistId(), second.GetWishlistId())
		changed := &wishlistsv1.CreateWishlistRequest{
			RequestId: "Birthday", Wishlist: &wishlistsv1.Wishlist{Title: "Christmas"},
		}
		_, err := service.client("user:alice").CreateWishlist(t.Context(), changed)
		equal(t, reasonOf(t, err), "ERROR_REASON_REQUEST_ID_REUSED")
		equal(t, service.titles("user:alice"), []string{"Birthday"})
	})
}

func TestACustomerCreatesNoMoreWishlistsThanTheSettingsAllow(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		service := start(t, url, map[string]string{"wishlists.most_per_customer": "1"})
		service.create("user:alice", "Birthday")
		request := &wishlistsv1.CreateWishlistRequest{
			RequestId: "r2", Wishlist: &wishlistsv1.Wishlist{Title: "Christmas"},
		}
		_, err := service.client("user:alice").CreateWishlist(t.Context(), request)
		equal(t, reasonOf(t, err), "ERROR_REASON_TOO_MANY_WISHLISTS")
		equal(t, souk.ErrorOf(err).Metadata, map[string]string{"limit": "1"})
		service.create("user:bob", "Birthday")
	})
}

func TestAWishlistNeedsATitleAndACustomer(t *testing.T) {
	service := start(t, "sqlite:wishlists.db", nil)
	request := &wishlistsv1.CreateWishlistRequest{RequestId: "r1", Wishlist: &wishlistsv1.Wishlist{}}
	_, err := service.client("user:alice").CreateWishlist(t.Context(), request)
	equal(t, souk.ErrorOf(err).Violations[0].Field, "wishlist.title")
	request.Wishlist.Title = "Birthday"
	_, err = service.client("service:notifications").CreateWishlist(t.Context(), request)
	equal(t, souk.ErrorOf(err).Violations[0].Field, "wishlist.customer_id")
	request.Wishlist.CustomerId = bob
	_, err = service.client("user:alice").CreateWishlist(t.Context(), request)
	equal(t, reasonOf(t, err), "ERROR_REASON_OTHER_CUSTOMER")
	response, err := service.client("service:notifications").CreateWishlist(t.Context(), request)
	must(t, err)
	equal(t, response.GetWishlist().GetCustomerId(), bob)
}

func TestWishlistsAreListedTheOldestFirstAndOnlyToTheirCustomer(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		service := start(t, url, nil)
		for _, title := range []string{"a", "b", "c"} {
			service.create("user:alice", title, title)
			service.clock.Advance(time.Second)
		}
		service.create("guest:x", "d")
		client := service.client("user:alice")
		var found []string
		for wishlist, err := range souk.Items(func(token string) (*wishlistsv1.ListWishlistsResponse, error) {
			return client.ListWishlists(t.Context(), &wishlistsv1.ListWishlistsRequest{PageSize: 2, PageToken: token})
		}, (*wishlistsv1.ListWishlistsResponse).GetWishlists) {
			must(t, err)
			found = append(found, wishlist.GetTitle()+skusOf(wishlist)[0])
		}
		equal(t, found, []string{"aa", "bb", "cc"})
		equal(t, len(service.titles("user:bob")), 0)
		equal(t, service.titles("guest:x"), []string{"d"})
		equal(t, service.titles("staff:ann"), []string{"a", "b", "c", "d"})
	})
}

func TestAWishlistOfAnotherCustomerDoesNotExist(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		service := start(t, url, nil)
		id := service.create("user:alice", "Birthday", "MUG-1").GetWishlistId()
		thief := service.client("user:bob")
		calls := map[string]func() error{
			"get": func() error {
				_, err := thief.GetWishlist(t.Context(), &wishlistsv1.GetWishlistRequest{WishlistId: id})
				return err
			},
			"update": func() error {
				_, err := thief.UpdateWishlist(t.Context(), &wishlistsv1.UpdateWishlistRequest{
					Wishlist:   &wishlistsv1.Wishlist{WishlistId: id, Title: "mine"},
					UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"title"}},
				})
				return err
			},
			"add": func() error {
				item := &wishlistsv1.WishlistItem{Sku: "TEA-2"}
				_, err := thief.AddWishlistItem(t.Context(), &wishlistsv1.AddWishlistItemRequest{WishlistId: id, Item: item})
				return err
			},
			"remove": func() error {
				request := &wishlistsv1.RemoveWishlistItemRequest{WishlistId: id, Sku: "MUG-1"}
				_, err := thief.RemoveWishlistItem(t.Context(), request)
				return err
			},
			"link": func() error {
				request := &wishlistsv1.CreateWishlistLinkRequest{WishlistId: id}
				_, err := thief.CreateWishlistLink(t.Context(), request)
				return err
			},
		}
		for what, call := range calls {
			if reason := reasonOf(t, call()); reason != "ERROR_REASON_WISHLIST_NOT_FOUND" {
				t.Errorf("%s: %s", what, reason)
			}
		}
		_, err := thief.DeleteWishlist(t.Context(), &wishlistsv1.DeleteWishlistRequest{WishlistId: id})
		must(t, err)
		equal(t, service.titles("user:alice"), []string{"Birthday"})
	})
}

func TestUpdatingChangesWhatTheMaskNames(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		service := start(t, url, nil)
		created := service.createIn("user:alice", "Birthday", "GBP", "MUG-1")
		client := service.client("user:alice")
		update := func(title, currency, etag string, paths ...string) (*wishlistsv1.Wishlist, error) {
			wanted := &wishlistsv1.Wishlist{
				WishlistId: created.GetWishlistId(), Title: title, CurrencyCode: currency, Etag: etag,
			}
			response, err := client.UpdateWishlist(t.Context(), &wishlistsv1.UpdateWishlistRequest{
				Wishlist: wanted, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths},
			})
			return response.GetWishlist(), err
		}
		changed, err := update("Party", "JPY", created.GetEtag(), "title")
		must(t, err)
		equal(t, changed.GetTitle()+changed.GetCurrencyCode(), "PartyGBP")
		equal(t, skusOf(changed), []string{"MUG-1"})
		equal(t, changed.GetEtag() != created.GetEtag(), true)

		same, err := update("Party", "", created.GetEtag(), "title")
		must(t, err)
		equal(t, same.GetEtag(), changed.GetEtag())
		_, err = update("Wedding", "", created.GetEtag(), "title")
		equal(t, reasonOf(t, err), "ERROR_REASON_ETAG_MISMATCH")
		_, err = update("", "", "", "*")
		equal(t, souk.ErrorOf(err).Violations[0].Field, "wishlist.title")
		changed, err = update("Wedding", "", "", "*")
		must(t, err)
		equal(t, changed.GetTitle()+changed.GetCurrencyCode(), "Wedding")
	})
}

func TestItemsAreAddedAndRemovedOnceAndUpToTheLimit(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		service := start(t, url, nil)
		var skus []string
		for number := range mostItems - 1 {
			skus = append(skus, fmt.Sprintf("SKU-%03d", number))
		}
		created := service.create("user:alice", "Birthday", skus...)
		id, client := created.GetWishlistId(), service.client("user:alice")
		add := func(sku string) (*wishlistsv1.Wishlist, error) {
			request := &wishlistsv1.AddWishlistItemRequest{WishlistId: id, Item: &wishlistsv1.WishlistItem{Sku: sku}}
			response, err := client.AddWishlistItem(t.Context(), request)
			return response.GetWishlist(), err
		}
		first, err := add("AAA")
		must(t, err)
		equal(t, skusOf(first), append(skus, "AAA"))
		second, err := add("AAA")
		must(t, err)
		equal(t, second.GetEtag(), first.GetEtag())
		_, err = add("BBB")
		equal(t, reasonOf(t, err), "ERROR_REASON_TOO_MANY_ITEMS")

		for range 2 {
			request := &wishlistsv1.RemoveWishlistItemRequest{WishlistId: id, Sku: "SKU-000"}
			response, err := client.RemoveWishlistItem(t.Context(), request)
			must(t, err)
			equal(t, skusOf(response.GetWishlist())[0], "SKU-001")
			equal(t, len(response.GetWishlist().GetItems()), mostItems-1)
		}
		equal(t, len(service.findings()), 0)
	})
}

func TestALinkOpensOneWishlistForEveryoneUntilItExpires(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		service := start(t, url, nil)
		created := service.create("guest:x", "Birthday", "MUG-1")
		owner, anyone := service.client("guest:x"), service.client("anonymous")
		request := &wishlistsv1.CreateWishlistLinkRequest{
			WishlistId: created.GetWishlistId(), Ttl: durationpb.New(time.Hour),
		}
		made, err := owner.CreateWishlistLink(t.Context(), request)
		must(t, err)
		equal(t, made.GetExpireTime().AsTime(), noon.Add(time.Hour))
		open := func(token string) (*wishlistsv1.Wishlist, error) {
			response, err := anyone.GetLinkedWishlist(t.Context(), &wishlistsv1.GetLinkedWishlistRequest{LinkToken: token})
			return response.GetWishlist(), err
		}
		found, err := open(made.GetLinkToken())
		must(t, err)
		equal(t, skusOf(found), []string{"MUG-1"})
		equal(t, found.GetCustomerId()+found.GetEtag(), "")

		_, err = open(made.GetLinkToken() + "A")
		equal(t, reasonOf(t, err), "ERROR_REASON_LINK_REFUSED")
		service.clock.Advance(time.Hour)
		_, err = open(made.GetLinkToken())
		equal(t, reasonOf(t, err), "ERROR_REASON_LINK_REFUSED")

		request.Ttl = nil
		made, err = owner.CreateWishlistLink(t.Context(), request)
		must(t, err)
		for range 2 {
			_, err = owner.DeleteWishlist(t.Context(), &wishlistsv1.DeleteWishlistRequest{WishlistId: created.GetWishlistId()})
			must(t, err)
		}
		_, err = open(made.GetLinkToken())
		equal(t, reasonOf(t, err), "ERROR_REASON_LINK_REFUSED")
	})
}
