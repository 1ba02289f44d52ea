package main

import (
	_ "embed"

	chassis "souk.example/chassis-go"
)

//go:embed config.default.toml
var defaults string

// config has the settings; config.default.toml says what each is for.
type config struct {
	Entries struct {
		MostPerCustomer int64 `toml:"most_per_customer"`
	} `toml:"entries"`
}

// Check refuses values that are not allowed.
func (config *config) Check() error {
	if most := config.Entries.MostPerCustomer; most < 1 || most > 1_000_000 {
		return chassis.Wrong("entries.most_per_customer", "must be 1 to 1000000")
	}
	return nil
}
