"""What becomes of orders: checked, sent to the market, booked when it answers, told."""
