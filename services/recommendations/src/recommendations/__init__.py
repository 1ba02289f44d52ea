"""Product recommendations, learned from the events of orders and the catalogue."""
