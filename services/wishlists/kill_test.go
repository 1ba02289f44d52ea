package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	chassis "souk.example/chassis-go"
	"souk.example/chassis-go/chassistest"
	wishlistsv1 "souk.example/go/souk/wishlists/v1"
)

const (
	// runsVariable makes the program of the tests the service itself.
	runsVariable = "WISHLISTS_TEST_RUNS"
	kills        = 6
	deliveries   = 300
)

func TestMain(m *testing.M) {
	if os.Getenv(runsVariable) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process starts the service as a process of its own, and returns it and its address.
func process(t *testing.T, folder, url, bus string) (*exec.Cmd, string) {
	t.Helper()
	ready := filepath.Join(folder, "ready")
	_ = os.Remove(ready)
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(),
		runsVariable+"=1",
		"WISHLISTS__DATA_DIR="+folder,
		"WISHLISTS__DATA__URL="+url,
		"WISHLISTS__NOTICES__PAUSE_HOURS=0",
		"WISHLISTS__SERVER__LISTEN=127.0.0.1:0",
		"WISHLISTS__SERVER__METRICS_LISTEN=127.0.0.1:0",
		"WISHLISTS__SERVER__READY_FILE="+ready,
		"WISHLISTS__UPSTREAMS__EVENTS=http://"+bus,
		"WISHLISTS__IDENTITY__SCOPES=*",
	)
	command.Stderr = os.Stderr
	must(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	var address string
	eventually(t, "it serves", func() bool {
		text, _ := os.ReadFile(ready)
		for _, line := range strings.Split(string(text), "\n") {
			if found, isGRPC := strings.CutPrefix(line, "grpc="); isGRPC {
				address = found
			}
		}
		return address != ""
	})
	return command, address
}

func TestHoweverOftenItIsKilledEachReturnOfStockIsPublishedOnce(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		bus, folder := chassis.StartBus(t, ""), t.TempDir()
		running, address := process(t, folder, url, bus.Address)
		alice := wishlistsv1.NewWishlistServiceClient(chassistest.Connect(t, address, "user:alice"))
		wanted := &wishlistsv1.Wishlist{Title: "Birthday", Items: []*wishlistsv1.WishlistItem{{Sku: "MUG-1"}}}
		_, err := alice.CreateWishlist(t.Context(), &wishlistsv1.CreateWishlistRequest{RequestId: "r1", Wishlist: wanted})
		must(t, err)

		delivered := 0
		for range kills {
			for range deliveries / kills {
				delivered++
				event := received("MUG-1", int32(delivered), time.Now())
				// Several keys, so that many are handled at once.
				key := fmt.Sprint(delivered % 7)
				for range 2 {
					bus.Deliver(chassis.EventOf(event, fmt.Sprintf("event %d", delivered), key))
				}
			}
			time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
			must(t, running.Process.Kill())
			_ = running.Wait()
			running, _ = process(t, folder, url, bus.Address)
		}
		units := map[int32]string{}
		eventually(t, "each is published", func() bool {
			for _, event := range bus.Seen().Published {
				message := &wishlistsv1.WishlistItemRestocked{}
				must(t, proto.Unmarshal(event.GetData(), message))
				// The relay of a killed process may send an event again, with its id.
				other, isThere := units[message.GetAvailableCount()]
				if isThere && other != event.GetId() {
					t.Fatalf("%d units were published as %s and %s", message.GetAvailableCount(), other, event.GetId())
				}
				units[message.GetAvailableCount()] = event.GetId()
			}
			return len(units) == deliveries && len(bus.Seen().Acked) >= 2*deliveries
		})
	})
}
