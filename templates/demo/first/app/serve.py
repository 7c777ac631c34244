"""Serve requests, one JSON object a line on standard input, answers on standard output."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from app import repository


def answer(session: Session, request: dict[str, Any]) -> object:
    """What the application says to one request."""
    match request:
        case {"do": "sign_up", "email": email, "name": name}:
            repository.sign_up(session, email, name)
        case {"do": "rename", "email": email, "name": name}:
            user = repository.user_by_email(session, email)
            assert user is not None
            repository.rename(user, name)
        case {"do": "name", "email": email}:
            user = repository.user_by_email(session, email)
            return repository.name_of(user) if user else None
        case {"do": "add_task", "title": title, "priority": priority}:
            repository.add_task(session, title, priority)
        case {"do": "priority", "title": title}:
            return repository.priority_of(session, title)
    return None


def main() -> None:
    """Answer until the input ends."""
    engine = create_engine(os.environ["DATABASE_URL"])
    for line in sys.stdin:
        with Session(engine) as session, session.begin():
            reply = answer(session, json.loads(line))
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
