module souk.example/services/{{name}}

go 1.25.0

require (
	souk.example/chassis-go v0.0.0
	souk.example/go v0.0.0
)

replace (
	souk.example/chassis-go => ../../libs/chassis-go
	souk.example/go => ../../clients/go
)
