package chassis

// IsFirst records that a consumer handles an event now, and returns whether it did not do so before:
// otherwise do nothing. Subscriptions do this themselves.
func (tx *Tx) IsFirst(consumer, source, eventID string) (bool, error) {
	const record = "INSERT INTO souk_inbox (consumer, source, event_id, created_time)" +
		" VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
	rows, err := tx.Exec(record, consumer, source, eventID, tx.clock.Now().UnixMicro())
	return rows == 1, err
}
