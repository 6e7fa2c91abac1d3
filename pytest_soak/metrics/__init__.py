"""What a soak tells Prometheus: names of metrics, and rules that alert on them."""
