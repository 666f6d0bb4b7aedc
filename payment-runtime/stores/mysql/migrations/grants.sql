-- Applied after the migrations, every time: granting what is granted changes nothing. The application appends to the ledger and the inbox,
-- and can change none of what it appended.
GRANT SELECT, INSERT, UPDATE ON payment.payment_records TO 'payment_app'@'%';
GRANT SELECT, INSERT, UPDATE ON payment.payment_attempts TO 'payment_app'@'%';
GRANT SELECT, INSERT ON payment.ledger_entries TO 'payment_app'@'%';
GRANT SELECT, INSERT ON payment.inbox TO 'payment_app'@'%';
GRANT SELECT, INSERT ON payment.reconciliation_runs TO 'payment_app'@'%';
GRANT SELECT, INSERT ON payment.reconciliation_differences TO 'payment_app'@'%';
GRANT SELECT ON payment.schema_migrations TO 'payment_app'@'%';
GRANT EXECUTE ON PROCEDURE payment.begin_payment TO 'payment_app'@'%';
GRANT EXECUTE ON PROCEDURE payment.move_payment TO 'payment_app'@'%';
GRANT EXECUTE ON PROCEDURE payment.save_reconciliation TO 'payment_app'@'%';
GRANT SELECT ON payment.* TO 'payment_reader'@'%';
