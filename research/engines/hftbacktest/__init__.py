"""hftbacktest: recorded trades and order-book events, replayed one by one."""
