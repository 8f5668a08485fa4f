"""Who is on call, and when."""
