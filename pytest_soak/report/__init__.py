"""What people look at: the HTML report and the trend of a run."""
