// The service wishlists: lists of what customers wish to buy. service.go is the assembly.
package main

import chassis "souk.example/chassis-go"

func main() { chassis.Main(definition) }
