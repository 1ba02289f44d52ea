// The service {{name}}: entries of customers. service.go is the assembly.
package main

import chassis "souk.example/chassis-go"

func main() { chassis.Main(definition) }
