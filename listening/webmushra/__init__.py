"""Configurations of webMUSHRA as study files: read leniently, nothing unknown passed over."""
