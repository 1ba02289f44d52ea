"""What to show whom, learned from orders and the catalogue as the event bus tells of them."""
