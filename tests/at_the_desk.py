"""How tests use the researchers' desk without a browser."""

from __future__ import annotations

import re

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PASSWORD = "correct horse battery"


def csrf_token(answer: TestResponse) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
    assert found
    return found.group(1)


def log_in(
    client: FlaskClient, name: str, password: str = PASSWORD, target: str = ""
) -> TestResponse:
    token = csrf_token(client.get("/desk/login"))
    return client.post(
        f"/desk/login{target}", data={"csrf_token": token, "name": name, "password": password}
    )
