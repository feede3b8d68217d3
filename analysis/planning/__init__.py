"""Planning a study: how many participants and passages, and when to stop."""
