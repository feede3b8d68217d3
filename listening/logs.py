"""Logs that name no participant: no token, no query (it holds ids of panels), no address."""

from __future__ import annotations

import logging
import re

from flask import Flask

LOGGERS = ("werkzeug", "waitress", "waitress.queue", "gunicorn.access", "gunicorn.error")
"""Of the servers that Blindmix runs under; each may print the path of a request."""

_SECRET = re.compile(r"(/p|/media)/[^/\s?\"']+")
_QUERY = re.compile(r"(/[^\s?\"']*)\?[^\s\"']+")
_CLIENT = re.compile(r"^\S+ - (\S+) \[")


def redacted(text: str) -> str:
    """A line of a log with … in place of what could tell who a participant is."""
    text = _SECRET.sub(r"\1/…", text)
    text = _QUERY.sub(r"\1?…", text)
    return _CLIENT.sub(r"- - \1 [", text)


class Redacting(logging.Filter):
    """Lets every record through without secrets in its message and traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redacted(record.getMessage()), ()
        if record.exc_info:
            record.exc_text = redacted(logging.Formatter().formatException(record.exc_info))
        return True


_FILTER = Redacting()


def register(app: Flask) -> None:
    """Clean the logs of the application and of the servers that may run it."""
    for logger in (app.logger, *map(logging.getLogger, LOGGERS)):
        logger.addFilter(_FILTER)
