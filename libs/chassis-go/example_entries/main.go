// Entries is a small service on both engines, with which the tests of the chassis show that events
// and repeated requests have their effect once, whatever is killed: a call and each order add an
// entry to a book, and each entry is published.
package main

import chassis "souk.example/chassis-go"

func main() { chassis.Main(definition) }
