"""Commands of the listening room: a module a group."""
