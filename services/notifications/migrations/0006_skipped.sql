-- A customer without an address is no failure: such an e-mail is skipped (4). Before, it was dead (3).
UPDATE deliveries SET state = 4 WHERE state = 3 AND failure IN ('no address', 'address not confirmed');
