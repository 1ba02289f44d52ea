
CREATE TRIGGER order_history_is_not_changed BEFORE UPDATE ON order_history
BEGIN SELECT RAISE(ABORT, 'order_history is append-only'); END;
CREATE TRIGGER order_history_is_not_deleted BEFORE DELETE ON order_history
BEGIN SELECT RAISE(ABORT, 'order_history is append-only'); END;
CREATE TRIGGER journal_is_not_changed BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END;
CREATE TRIGGER journal_is_not_deleted BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END;
