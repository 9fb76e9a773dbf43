"""Work as flows declare it and ask for it; who drives it need not be known for that.

`@job` stands at the function that does the work, in the module where that lives, and says what it is called, when it is
done and for whom, and what becomes of a failure. `connector.flows.registry` finds what is declared so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Select, literal, select

from connector.flows.outcome import Outcome
from connector.flows.troubles import About
from connector.settings import Settings
from connector.store import resting

DAY_S = 86_400.0
HOUR_S = 3_600.0

Step = TypeVar("Step", bound=Callable[..., Outcome])


@dataclass(frozen=True)
class Job:
    """A piece of work to do: of `kind`, with what it needs to know.

    `key` tells it from others of its kind in the same `partition`, a company: submitting it again is harmless. Of two
    with one key the higher `number` counts. `partition` shares the workers out fairly; `urgent` work, a person's, has
    places of its own. It is begun `after_s` seconds from now at the earliest.
    """

    kind: str
    payload: Any
    partition: str
    key: str = ""
    number: int = 0
    urgent: bool = False
    after_s: float = 0.0


Submit = Callable[[Job], object]
Found = Callable[[Any], Iterable[Job]]
"""Given the deployment (`connector.flows.deployment.Deployment`), what there is to be done."""


@dataclass(frozen=True)
class Per:
    """For whom a job comes round: once for each of `ids`. `about` says who a failure for one of them concerns."""

    ids: Callable[[], Select[str]]
    about: Callable[[str], About]


COMPANIES = Per(resting.connected, About.of_connection)
DEPLOYMENT = Per(lambda: select(literal("")), About.of_deployment)


@dataclass(frozen=True)
class Sooner:
    """For some of those for whom a job comes round, it does so every `every_s` seconds."""

    ids: Callable[[], Select[str]]
    every_s: float


@dataclass(frozen=True)
class Kind:
    """A kind of work. One with `every` comes round for all of `per`; one with `carries` is asked for.

    Its failures are kept as those of the step `trouble`, if that is not "". After an error, what comes round is tried
    with the next round, or `again_after_s` later if that is given; what is asked for, after a growing pause.

    `once` says of what is asked for that it is not tried again after an error: the store has when it is due again.
    `slows` says that it comes round more rarely where nothing has changed for days. `found` gives what is to be done
    by the store, in case no one submits it; `submits` that the step is given how to submit; `at_start` that a round is
    made at each start of a worker, as what follows the settings is.
    """

    name: str
    step: Callable[..., Outcome]
    trouble: str = ""
    every: Callable[[Settings], float] | None = None
    per: Per | None = None
    again_after_s: float | None = None
    sooner: Sooner | None = None
    once: bool = False
    slows: bool = False
    carries: type[Any] | None = None
    about: Callable[[Any], About] | None = None
    found: Found | None = None
    submits: bool = False
    at_start: bool = False

    @property
    def comes_round(self) -> bool:
        """Return whether it comes round by itself."""
        return self.every is not None


_declared: dict[str, Kind] = {}


def job(
    name: str,
    *,
    trouble: str = "",
    every: Callable[[Settings], float] | float | None = None,
    per: Per | None = None,
    again_after_s: float | None = None,
    sooner: Sooner | None = None,
    once: bool = False,
    slows: bool = False,
    carries: type[Any] | None = None,
    about: Callable[[Any], About] | None = None,
    found: Found | None = None,
    submits: bool = False,
    at_start: bool = False,
) -> Callable[[Step], Step]:
    """Declare that the function below does a kind of work; the parameters are those of `Kind`.

    What comes round is called with the deployment and one of `per`, what is asked for with the deployment and what it
    carries. With `submits`, how to submit comes between.
    """
    seconds = every if every is None or callable(every) else _always(every)

    def declare(step: Step) -> Step:
        _declared[name] = Kind(
            name=name,
            step=step,
            trouble=trouble,
            every=seconds,
            per=per,
            again_after_s=again_after_s,
            sooner=sooner,
            once=once,
            slows=slows,
            carries=carries,
            about=about,
            found=found,
            submits=submits,
            at_start=at_start,
        )
        return step

    return declare


def _always(seconds: float) -> Callable[[Settings], float]:
    return lambda _settings: seconds


def declared() -> Mapping[str, Kind]:
    """Return the kinds of work that have been declared so far, by name."""
    return _declared
