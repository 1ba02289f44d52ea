"""What a call to Souk needs besides the generated stubs, which are `souk.<service>.v1`."""
