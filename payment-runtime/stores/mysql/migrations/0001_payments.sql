-- Tables. Identifiers are ASCII compared by bytes; times are UTC; money is minor units.
-- Every statement may run again: a migration that was interrupted is simply applied from its start.

CREATE TABLE IF NOT EXISTS payment_records (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  payment_no VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT '支付流水号',
  business_no VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT '业务编号',
  payment_channel VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT '支付渠道：wechat/alipay',
  amount DECIMAL(10,2) GENERATED ALWAYS AS (
    CASE
      WHEN currency_exponent = 2 AND amount_minor <= 9999999999 THEN CAST(amount_minor / 100 AS DECIMAL(10,2))
      WHEN currency_exponent = 1 AND amount_minor <= 999999999 THEN CAST(amount_minor / 10 AS DECIMAL(10,2))
      WHEN currency_exponent = 0 AND amount_minor <= 99999999 THEN CAST(amount_minor AS DECIMAL(10,2))
    END) STORED COMMENT '支付金额',
  status TINYINT GENERATED ALWAYS AS (
    CASE
      WHEN state IN ('SUCCEEDED', 'SUCCEEDED_LATE') THEN 1
      WHEN state IN ('FAILED', 'CLOSED') THEN 2
      ELSE 0
    END) STORED COMMENT '状态：0-处理中,1-成功,2-失败',
  notify_status TINYINT NOT NULL DEFAULT 0 COMMENT '回调状态：0-未回调,1-已回调',
  create_time DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  update_time DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  merchant VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  amount_minor BIGINT NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  currency_exponent TINYINT UNSIGNED NOT NULL,
  subject VARCHAR(127) NOT NULL,
  state VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version BIGINT NOT NULL,
  channel_trade_no VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  reason VARCHAR(255) NOT NULL DEFAULT '',
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  expires_at DATETIME(6) NOT NULL,
  succeeded_at DATETIME(6) NULL,
  check_at DATETIME(6) NULL COMMENT 'when the channel is asked next; NULL: the payment is final',
  checks INT NOT NULL DEFAULT 0,
  UNIQUE KEY uk_payment_no (payment_no),
  UNIQUE KEY uk_business_no (business_no),
  KEY idx_payment_channel (payment_channel),
  KEY idx_status (status),
  KEY idx_create_time (create_time),
  KEY idx_check_at (check_at),
  KEY idx_succeeded_at (payment_channel, succeeded_at, payment_no),
  CONSTRAINT ck_amount_positive CHECK (amount_minor > 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='支付记录表';

CREATE TABLE IF NOT EXISTS payment_attempts (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  payment_no VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  attempt INT NOT NULL,
  out_trade_no VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'our number at the channel; stored before the channel hears it',
  account VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'who we were to the channel: nobody else can be asked about it',
  code_url VARCHAR(1024) NOT NULL DEFAULT '',
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  UNIQUE KEY uk_attempt (payment_no, attempt),
  UNIQUE KEY uk_out_trade_no (out_trade_no)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS ledger_entries (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  transaction_id VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT '<payment_no>:<version>: a step books at most once',
  line INT NOT NULL,
  payment_no VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  account VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  owner VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  amount_minor BIGINT NOT NULL COMMENT 'debit positive, credit negative',
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(6) NOT NULL,
  UNIQUE KEY uk_transaction_line (transaction_id, line),
  KEY idx_payment_no (payment_no),
  CONSTRAINT ck_entry_not_zero CHECK (amount_minor <> 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS inbox (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  channel VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  event_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  out_trade_no VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  outcome VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  body MEDIUMBLOB NOT NULL COMMENT 'as it came; what the channel encrypted stays encrypted',
  received_at DATETIME(6) NOT NULL,
  UNIQUE KEY uk_event (channel, event_id),
  KEY idx_out_trade_no (out_trade_no)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS reconciliation_runs (
  run_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  started_at DATETIME(6) NOT NULL,
  finished_at DATETIME(6) NOT NULL,
  first_day CHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  last_day CHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  local_count BIGINT NOT NULL,
  local_minor BIGINT NOT NULL,
  channel_count BIGINT NOT NULL,
  channel_minor BIGINT NOT NULL,
  matched BIGINT NOT NULL,
  difference_count BIGINT NOT NULL,
  KEY idx_started_at (started_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS reconciliation_differences (
  run_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  line INT NOT NULL,
  type VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  channel VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  day CHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  out_trade_no VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  payment_no VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  local_state VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  channel_state VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  local_minor BIGINT NULL,
  local_currency VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  channel_minor BIGINT NULL,
  channel_currency VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  detail VARCHAR(512) NOT NULL,
  PRIMARY KEY (run_id, line)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
