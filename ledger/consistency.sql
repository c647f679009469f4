-- Questions the ledger must answer with no rows. Each begins with "-- ?" and its name, and
-- gives key, expected, found. Asked by ledger/check.py in one snapshot.

-- ? postings sum to zero
SELECT format('sequence %s, index %s, asset %s', sequence, index, asset), 0, sum(amount)
  FROM lmax.postings GROUP BY sequence, index, asset HAVING sum(amount) <> 0;

-- ? a posting is there once
SELECT format('sequence %s, index %s, leg %s', sequence, index, leg), 1, count(*)
  FROM lmax.postings GROUP BY sequence, index, leg HAVING count(*) > 1;

-- ? a balance is the sum of its postings
SELECT format('account %s', account), p.total, b.cash
  FROM (SELECT account, sum(amount) AS total FROM lmax.postings WHERE asset = 0
         GROUP BY account) AS p
  FULL JOIN lmax.balances AS b USING (account)
 WHERE coalesce(p.total, 0) IS DISTINCT FROM b.cash;

-- ? a position is the sum of its postings
SELECT format('account %s, instrument %s', account, instrument),
       coalesce(p.total, 0), coalesce(q.shares, 0)
  FROM (SELECT account, asset AS instrument, sum(amount) AS total FROM lmax.postings
         WHERE asset <> 0 GROUP BY account, asset) AS p
  FULL JOIN lmax.positions AS q USING (account, instrument)
 WHERE coalesce(p.total, 0) <> coalesce(q.shares, 0);

-- ? an asset adds up to zero over all accounts
SELECT format('asset %s', asset), 0, total
  FROM (SELECT 0 AS asset, sum(cash) AS total FROM lmax.balances
        UNION ALL
        SELECT instrument, sum(shares) FROM lmax.positions GROUP BY instrument) AS a
 WHERE total <> 0;

-- ? trades, amendments and corporate actions have their postings, and a posting one of them
WITH exchanges AS (
    SELECT sequence, index, instrument, amount, quantity,
           CASE taker_side WHEN 0 THEN taker_account ELSE maker_account END AS buyer,
           CASE taker_side WHEN 0 THEN maker_account ELSE taker_account END AS seller
      FROM lmax.trades
    UNION ALL
    SELECT sequence, index, instrument, amount - amount_before, quantity - quantity_before,
           buyer, seller
      FROM lmax.amendments
), legs AS (
    SELECT sequence, index, l.* FROM exchanges
     CROSS JOIN LATERAL (VALUES (0, buyer, 0, -amount), (1, seller, 0, amount),
                                (2, seller, instrument, -quantity),
                                (3, buyer, instrument, quantity))
                        AS l (leg, account, asset, amount)
     WHERE l.amount <> 0
    UNION ALL
    SELECT sequence, index, l.* FROM lmax.holding_adjustments AS h
     CROSS JOIN LATERAL (VALUES (0, 0, 0, -cash), (1, h.account, 0, cash),
                                (2, 0, instrument, shares_before - shares),
                                (3, h.account, instrument, shares - shares_before))
                        AS l (leg, account, asset, amount)
     WHERE l.amount <> 0
), transfers AS (
    SELECT sequence FROM lmax.postings WHERE account = 0
    EXCEPT SELECT sequence FROM lmax.holding_adjustments
), booked AS (
    SELECT p.* FROM lmax.postings AS p LEFT JOIN transfers AS t USING (sequence)
     WHERE t.sequence IS NULL
)
SELECT format('sequence %s, index %s, leg %s', sequence, index, leg),
       format('account %s, asset %s, amount %s', legs.account, legs.asset, legs.amount),
       format('account %s, asset %s, amount %s', booked.account, booked.asset, booked.amount)
  FROM legs FULL JOIN booked USING (sequence, index, leg)
 WHERE (legs.account, legs.asset, legs.amount)
       IS DISTINCT FROM (booked.account, booked.asset, booked.amount);

-- ? an amendment begins with the trade as it stood
WITH steps AS (
    SELECT a.*, t.instrument AS traded,
           coalesce(lag(a.quantity) OVER w, t.quantity) AS quantity_stood,
           coalesce(lag(a.amount) OVER w, t.amount) AS amount_stood
      FROM lmax.amendments AS a LEFT JOIN lmax.trades AS t USING (trade_id)
    WINDOW w AS (PARTITION BY trade_id ORDER BY a.sequence)
)
SELECT format('trade %s, amended by %s', trade_id, sequence),
       format('%s for %s, instrument %s', quantity_stood, amount_stood, traded),
       format('%s for %s, instrument %s', quantity_before, amount_before, instrument)
  FROM steps
 WHERE (quantity_stood, amount_stood, traded)
       IS DISTINCT FROM (quantity_before, amount_before, instrument);

-- ? an instrument has the last symbol of its history
SELECT format('instrument %s', instrument), s.symbol, i.symbol
  FROM lmax.instruments AS i
  FULL JOIN (SELECT DISTINCT ON (instrument) instrument, symbol FROM lmax.symbols
              ORDER BY instrument, sequence DESC) AS s USING (instrument)
 WHERE s.symbol IS DISTINCT FROM i.symbol;

-- ? trade ids count 1, 2, 3 and so on
SELECT 'all trades', max(trade_id), count(*) FROM lmax.trades HAVING max(trade_id) <> count(*);

-- ? what an order has filled is the sum of its trades
WITH fills AS (
    SELECT taker_account AS account, taker_client_order_id AS client_order_id, sequence, quantity
      FROM lmax.trades
    UNION ALL
    SELECT maker_account, maker_client_order_id, sequence, quantity FROM lmax.trades
), adjusted AS (  -- from its last corporate action on an order counts anew
    SELECT DISTINCT ON (o.sequence)
           o.sequence, a.sequence AS since, a.quantity - a.leaves AS filled
      FROM lmax.order_adjustments AS a
      JOIN lmax.orders AS o USING (account, client_order_id)
     WHERE a.sequence BETWEEN o.sequence AND o.last_sequence
     ORDER BY o.sequence, a.sequence DESC
), traded AS (
    SELECT o.sequence, sum(f.quantity) AS total
      FROM lmax.orders AS o
      JOIN fills AS f USING (account, client_order_id)
      LEFT JOIN adjusted AS a ON a.sequence = o.sequence
     WHERE f.sequence BETWEEN o.sequence AND o.last_sequence
       AND (a.since IS NULL OR f.sequence > a.since)
     GROUP BY o.sequence
)
SELECT format('order %s of account %s, accepted by %s', o.client_order_id, o.account, o.sequence),
       coalesce(a.filled, before.filled, 0) + coalesce(t.total, 0), o.filled
  FROM lmax.orders AS o
  LEFT JOIN traded AS t USING (sequence)
  LEFT JOIN adjusted AS a USING (sequence)
  LEFT JOIN lmax.orders AS before
         ON before.account = o.account AND before.client_order_id = o.orig_client_order_id
        AND before.last_sequence = o.sequence AND before.status = 'R'
 WHERE coalesce(a.filled, before.filled, 0) + coalesce(t.total, 0) <> o.filled;

-- ? a trade has both its orders
WITH fills AS (
    SELECT 'taker' AS who, trade_id, sequence,
           taker_account AS account, taker_client_order_id AS client_order_id
      FROM lmax.trades
    UNION ALL
    SELECT 'maker', trade_id, sequence, maker_account, maker_client_order_id FROM lmax.trades
), found AS (
    SELECT f.who, f.trade_id
      FROM fills AS f
      JOIN lmax.orders AS o USING (account, client_order_id)
     WHERE f.sequence BETWEEN o.sequence AND o.last_sequence
)
SELECT format('%s of trade %s', who, trade_id), 1, count(found.trade_id)
  FROM fills LEFT JOIN found USING (who, trade_id)
 GROUP BY who, trade_id HAVING count(found.trade_id) <> 1;

-- ? an account has one open order of an id
SELECT format('order %s of account %s', client_order_id, account), 1, count(*)
  FROM lmax.orders WHERE status = 'O' GROUP BY account, client_order_id HAVING count(*) > 1;

-- ? an account that is named was opened
SELECT format('account %s', account), 'opened', 'never opened'
  FROM (SELECT account FROM lmax.postings UNION SELECT account FROM lmax.orders
        UNION SELECT account FROM lmax.balances) AS named
 WHERE NOT EXISTS (SELECT FROM lmax.accounts AS a WHERE a.account = named.account);

-- ? an instrument that is named was defined
SELECT format('instrument %s', instrument), 'defined', 'never defined'
  FROM (SELECT asset AS instrument FROM lmax.postings WHERE asset <> 0
        UNION SELECT instrument FROM lmax.orders UNION SELECT instrument FROM lmax.trades) AS named
 WHERE NOT EXISTS (SELECT FROM lmax.instruments AS i WHERE i.instrument = named.instrument);

-- ? nothing is later than the last sequence
SELECT written, last_sequence, last
  FROM lmax.progress
  JOIN (SELECT 'postings' AS written, max(sequence) AS last FROM lmax.postings
        UNION ALL SELECT 'trades', max(sequence) FROM lmax.trades
        UNION ALL SELECT 'orders', max(last_sequence) FROM lmax.orders
        UNION ALL SELECT 'amendments', max(sequence) FROM lmax.amendments
        UNION ALL SELECT 'order adjustments', max(sequence) FROM lmax.order_adjustments
        UNION ALL SELECT 'holding adjustments', max(sequence) FROM lmax.holding_adjustments
        UNION ALL SELECT 'symbols', max(sequence) FROM lmax.symbols
        UNION ALL SELECT 'phases', max(sequence) FROM lmax.phases) AS w
    ON last > last_sequence;
