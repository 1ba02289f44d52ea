"""Starts the service."""

import souk_chassis

from {{package}}.service import definition

souk_chassis.main(definition())
