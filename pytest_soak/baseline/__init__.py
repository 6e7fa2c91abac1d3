"""A run beside the stored runs that it must be no worse than."""
