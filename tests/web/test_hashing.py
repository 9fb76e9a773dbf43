"""Few passwords are hashed at once, and whoever waits for a place does not wait for ever."""

from __future__ import annotations

import threading

import pytest

from connector.web.hashing import HashingPlaces, NoPlace

WAIT_S = 60.0


def held(places: HashingPlaces, free: threading.Event) -> threading.Thread:
    """Somebody who has a place until `free` is set."""
    inside = threading.Event()

    def hold() -> None:
        with places.place():
            inside.set()
            assert free.wait(WAIT_S)

    holder = threading.Thread(target=hold)
    holder.start()
    assert inside.wait(WAIT_S)
    return holder


def test_no_more_have_a_place_than_there_are_and_the_wait_ends() -> None:
    places, free = HashingPlaces(at_once=2, waiting=1, longest_wait_s=0.01), threading.Event()
    holders = [held(places, free) for _ in range(2)]
    with pytest.raises(NoPlace), places.place():
        pass
    free.set()
    for holder in holders:
        holder.join(WAIT_S)
    with places.place():
        assert True


def test_a_place_that_comes_free_is_given_to_who_waits() -> None:
    places, free, done = HashingPlaces(at_once=1, waiting=1, longest_wait_s=WAIT_S), threading.Event(), []
    holder = held(places, free)

    def wait() -> None:
        with places.place():
            done.append("hashed")

    waiting = threading.Thread(target=wait)
    waiting.start()
    free.set()
    waiting.join(WAIT_S)
    holder.join(WAIT_S)
    assert done == ["hashed"]


def test_a_fault_inside_gives_the_place_back() -> None:
    places = HashingPlaces(at_once=1, waiting=0)
    for _ in range(3):
        with pytest.raises(ValueError, match="hash"), places.place():
            raise ValueError("hash")
