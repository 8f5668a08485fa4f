"""Account statements of several banks, as one kind of transaction."""
