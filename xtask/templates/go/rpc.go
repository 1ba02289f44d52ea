package main

import (
	chassis "souk.example/chassis-go"
	{{package}}v1 "souk.example/go/souk/{{package}}/v1"
)

// rpc has the methods, each in a file of its own, rpc_<method>.go, the handlers of events, and what
// they need.
type rpc struct {
	{{package}}v1.Unimplemented{{Name}}ServiceServer
	store           *chassis.Store
	mostPerCustomer int64
}
