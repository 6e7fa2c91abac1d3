"""Files of any kind: whole, through no link, packed or not; locks and journal lines."""
