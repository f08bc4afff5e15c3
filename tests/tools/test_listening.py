"""Ports for servers that are started later."""

import socket

import pytest

from tools.listening import free_port


def test_a_free_port_is_kept_for_a_server():
    port = free_port()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))
    for _ in range(2):
        with socket.create_server(("127.0.0.1", port)) as server:
            assert server.getsockname()[1] == port
