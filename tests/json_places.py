"""Every place in a JSON value, what stands there, and the value with something else in it."""


def places(value, place=()):
    """The whole first; each as the members and numbers that lead to it."""
    yield place
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from places(member, (*place, key))


def at(value, place):
    for step in place:
        value = value[step]
    return value


def put(value, place, new):
    if not place:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[place[0]] = put(copy[place[0]], place[1:], new)
    return copy
