"""What must hold of a bot on an exchange, whatever breaks: pure functions of what was recorded."""
