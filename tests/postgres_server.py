"""The tests' PostgreSQL: the one that `coilmark torture` starts for itself."""

from tools.own_postgres import ADMIN, OWNER, WRITER, Place, Server, running, why_not

__all__ = ["ADMIN", "OWNER", "WRITER", "Place", "Server", "running", "why_not"]
