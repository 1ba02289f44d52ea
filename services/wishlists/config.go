package main

import (
	_ "embed"
	"time"

	chassis "souk.example/chassis-go"
)

//go:embed config.default.toml
var defaults string

// mostHours is the longest time that a setting may have: a year.
const mostHours = 8760

// config has the settings; config.default.toml says what each is for.
type config struct {
	Data struct {
		URL string `toml:"url"`
	} `toml:"data"`
	Wishlists struct {
		MostPerCustomer int64 `toml:"most_per_customer"`
	} `toml:"wishlists"`
	Notices notices `toml:"notices"`
}

// notices says when an event about a sku is published.
type notices struct {
	PauseHours  int64 `toml:"pause_hours"`
	MaxAgeHours int64 `toml:"max_age_hours"`
}

// Check refuses values that are not allowed.
func (config *config) Check() error {
	if err := chassis.CheckDatabaseURL(config.Data.URL); err != nil {
		return chassis.Wrong("data.url", err.Error())
	}
	if most := config.Wishlists.MostPerCustomer; most < 1 || most > 1000 {
		return chassis.Wrong("wishlists.most_per_customer", "must be 1 to 1000")
	}
	if hours := config.Notices.PauseHours; hours < 0 || hours > mostHours {
		return chassis.Wrong("notices.pause_hours", "must be 0 to 8760")
	}
	if hours := config.Notices.MaxAgeHours; hours < 1 || hours > mostHours {
		return chassis.Wrong("notices.max_age_hours", "must be 1 to 8760")
	}
	return nil
}

// isRecent returns whether what happened then is published now.
func (notices notices) isRecent(then, now time.Time) bool {
	return now.Sub(then) <= time.Duration(notices.MaxAgeHours)*time.Hour
}

// pausedSince returns since when an event must have been published to forbid another one now.
func (notices notices) pausedSince(now time.Time) time.Time {
	return now.Add(-time.Duration(notices.PauseHours) * time.Hour)
}
