// Notes is a small service that shows how one is written in Go: main.go starts it, service.go says
// what is in it, rpc.go has its methods, store.go its records, watch.go those who wait for changes.
package main

import chassis "souk.example/chassis-go"

func main() { chassis.Main(definition) }
