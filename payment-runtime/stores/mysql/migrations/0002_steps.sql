-- Money steps: one call, one transaction, one round trip. SQL SECURITY INVOKER, so that the caller's grants bind inside them too
-- (nobody can change a ledger entry through a procedure). Parameters carry the character set of their columns: an index is not used
-- through a conversion. A later release that changes a step gives it a new name and drops the old one a release later.

DROP PROCEDURE IF EXISTS begin_payment;
CREATE PROCEDURE begin_payment(
  IN p_payment_no VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin,
  IN p_business_no VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin,
  IN p_merchant VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin,
  IN p_channel VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin,
  IN p_out_trade_no VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin,
  IN p_account VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin,
  IN p_amount_minor BIGINT,
  IN p_currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin,
  IN p_currency_exponent TINYINT UNSIGNED,
  IN p_subject VARCHAR(127) CHARACTER SET utf8mb4,
  IN p_state VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin,
  IN p_version BIGINT,
  IN p_created_at DATETIME(6),
  IN p_expires_at DATETIME(6),
  IN p_check_at DATETIME(6))
  SQL SECURITY INVOKER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  DECLARE EXIT HANDLER FOR 1062 BEGIN ROLLBACK; SELECT 0 AS first_one; END;
  START TRANSACTION;
  INSERT INTO payment_records (payment_no, business_no, payment_channel, merchant, amount_minor, currency, currency_exponent, subject, state,
                               version, created_at, updated_at, expires_at, check_at)
  VALUES (p_payment_no, p_business_no, p_channel, p_merchant, p_amount_minor, p_currency, p_currency_exponent, p_subject, p_state,
          p_version, p_created_at, p_created_at, p_expires_at, p_check_at);
  INSERT INTO payment_attempts (payment_no, attempt, out_trade_no, account, created_at, updated_at)
  VALUES (p_payment_no, 1, p_out_trade_no, p_account, p_created_at, p_created_at);
  COMMIT;
  SELECT 1 AS first_one;
END;

DROP PROCEDURE IF EXISTS move_payment;
CREATE PROCEDURE move_payment(
  IN p_payment_no VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin,
  IN p_out_trade_no VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin,
  IN p_from VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin,
  IN p_to VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin,
  IN p_version BIGINT,
  IN p_at DATETIME(6),
  IN p_code_url VARCHAR(1024) CHARACTER SET utf8mb4,
  IN p_channel_trade_no VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin,
  IN p_reason VARCHAR(255) CHARACTER SET utf8mb4,
  IN p_succeeded_at DATETIME(6),
  IN p_check_at DATETIME(6),
  IN p_entries TEXT CHARACTER SET utf8mb4,
  IN p_inbox_channel VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin,
  IN p_inbox_event_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  IN p_inbox_outcome VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin,
  IN p_inbox_body MEDIUMBLOB,
  IN p_inbox_received_at DATETIME(6))
  SQL SECURITY INVOKER
BEGIN
  DECLARE v_transaction_id VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin DEFAULT CONCAT(p_payment_no, ':', p_version + 1);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  UPDATE payment_records
     SET state = p_to, version = version + 1, updated_at = p_at, reason = p_reason, succeeded_at = p_succeeded_at, check_at = p_check_at,
         channel_trade_no = IF(p_channel_trade_no = '', channel_trade_no, p_channel_trade_no),
         notify_status = IF(p_inbox_event_id IS NULL, notify_status, 1)
   WHERE payment_no = p_payment_no AND state = p_from AND version = p_version;
  IF ROW_COUNT() = 0 THEN
    ROLLBACK;
    SELECT 0 AS moved;
  ELSE
    IF p_code_url <> '' THEN
      UPDATE payment_attempts SET code_url = p_code_url, updated_at = p_at WHERE out_trade_no = p_out_trade_no;
    END IF;
    IF p_entries IS NOT NULL THEN
      INSERT INTO ledger_entries (transaction_id, line, payment_no, account, owner, amount_minor, currency, created_at)
      SELECT v_transaction_id, e.line, p_payment_no, e.account, e.owner, e.amount_minor, e.currency, p_at
        FROM JSON_TABLE(p_entries, '$[*]' COLUMNS (
               line FOR ORDINALITY, account VARCHAR(32) PATH '$.account', owner VARCHAR(64) PATH '$.owner',
               amount_minor BIGINT PATH '$.amountMinor', currency VARCHAR(3) PATH '$.currency')) AS e;
      IF EXISTS (SELECT 1 FROM ledger_entries WHERE transaction_id = v_transaction_id GROUP BY currency HAVING SUM(amount_minor) <> 0) THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'ledger entries do not sum to zero';
      END IF;
    END IF;
    IF p_inbox_event_id IS NOT NULL THEN
      INSERT IGNORE INTO inbox (channel, event_id, out_trade_no, outcome, body, received_at)
      VALUES (p_inbox_channel, p_inbox_event_id, p_out_trade_no, p_inbox_outcome, p_inbox_body, p_inbox_received_at);
    END IF;
    COMMIT;
    SELECT 1 AS moved;
  END IF;
END;

DROP PROCEDURE IF EXISTS save_reconciliation;
CREATE PROCEDURE save_reconciliation(
  IN p_run_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin,
  IN p_started_at DATETIME(6),
  IN p_finished_at DATETIME(6),
  IN p_first_day CHAR(10) CHARACTER SET ascii COLLATE ascii_bin,
  IN p_last_day CHAR(10) CHARACTER SET ascii COLLATE ascii_bin,
  IN p_local_count BIGINT,
  IN p_local_minor BIGINT,
  IN p_channel_count BIGINT,
  IN p_channel_minor BIGINT,
  IN p_matched BIGINT,
  IN p_difference_count BIGINT,
  IN p_differences LONGTEXT CHARACTER SET utf8mb4)
  SQL SECURITY INVOKER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  DECLARE EXIT HANDLER FOR 1062 BEGIN ROLLBACK; SELECT 0 AS saved; END;
  START TRANSACTION;
  INSERT INTO reconciliation_runs (run_id, started_at, finished_at, first_day, last_day, local_count, local_minor, channel_count, channel_minor,
                                   matched, difference_count)
  VALUES (p_run_id, p_started_at, p_finished_at, p_first_day, p_last_day, p_local_count, p_local_minor, p_channel_count, p_channel_minor,
          p_matched, p_difference_count);
  INSERT INTO reconciliation_differences (run_id, line, type, channel, day, out_trade_no, payment_no, local_state, channel_state, local_minor,
                                          local_currency, channel_minor, channel_currency, detail)
  SELECT p_run_id, d.line, d.type, d.channel, d.day, d.out_trade_no, d.payment_no, d.local_state, d.channel_state, d.local_minor,
         d.local_currency, d.channel_minor, d.channel_currency, d.detail
    FROM JSON_TABLE(p_differences, '$[*]' COLUMNS (
           line FOR ORDINALITY, type VARCHAR(32) PATH '$.type', channel VARCHAR(20) PATH '$.channel', day VARCHAR(10) PATH '$.day',
           out_trade_no VARCHAR(64) PATH '$.outTradeNo', payment_no VARCHAR(64) PATH '$.paymentNo',
           local_state VARCHAR(20) PATH '$.localState', channel_state VARCHAR(20) PATH '$.channelState',
           local_minor BIGINT PATH '$.localMinor', local_currency VARCHAR(16) PATH '$.localCurrency',
           channel_minor BIGINT PATH '$.channelMinor', channel_currency VARCHAR(16) PATH '$.channelCurrency',
           detail VARCHAR(512) PATH '$.detail')) AS d;
  COMMIT;
  SELECT 1 AS saved;
END;
