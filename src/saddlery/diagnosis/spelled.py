"""A method as text: the call of a published method that makes it, for the command line and for Python."""

import equinox as eqx

from saddlery.errors import InvalidType, InvalidValue
from saddlery.game import Game
from saddlery.method import Method
from saddlery.methods import METHODS
from saddlery.schedules import alternating, extragradient
from saddlery.text.call import Call, build, parse


def spelled(method: Method, game: Game, like: str = "") -> str:
    """The text of a method whose optimisers are Saddlery's; empty where no published method makes it.

        >>> import saddlery as sd
        >>> method = sd.methods.alternating(generator="sgd(learning_rate=0.1)", discriminator="sgd(learning_rate=0.3)")
        >>> spelled(method, sd.games.bilinear())
        "alternating(generator='sgd(learning_rate=0.1)', discriminator='sgd(learning_rate=0.3)')"

    **Arguments:** `like`: the text of a method from which this one was made, `consensus(gamma=10)`; its arguments are
    tried too. What is returned makes the same method again on this game: it was tried.
    """
    own = {name: str(getattr(method, name)) for name in ("generator", "discriminator")}
    calls = [Call(each, {}) for each in ("simultaneous", "alternating", "extragradient")]
    if given := _read(like):
        kept = {name: value for name, value in given.arguments.items() if name not in (*own, "learning_rate")}
        calls.insert(0, given._replace(arguments=kept))
    name = type(method.rule).__name__.lower()
    numbers = {each: _plain(value) for each, value in vars(method.rule).items()}
    calls += (
        [Call(name, {each: value for each, value in numbers.items() if value is not None})] if name in METHODS else []
    )
    if isinstance(method.schedule, alternating):
        steps = int(method.schedule.discriminator_steps)
        calls += [Call("alternating", {"discriminator_steps": steps})]
        calls += [
            each._replace(arguments=each.arguments | {"schedule": f"alternating(discriminator_steps={steps})"})
            for each in calls
        ]
    elif isinstance(method.schedule, extragradient):
        calls += [each._replace(arguments=each.arguments | {"schedule": "extragradient"}) for each in calls]
    for call in calls:
        text = str(call._replace(arguments=call.arguments | own))
        if _makes(text, method, game):
            return text
    return ""


def _read(text: str) -> Call | None:
    """The call that a text is; none for the label of a method of one's own, or of a method on one of several games."""
    try:
        return parse(text)
    except InvalidValue:
        return None


def _plain(value: object) -> float | int | None:
    """A number as the text of a method can hold it; `None` for what is none."""
    if isinstance(value, bool | int | float):
        return value
    shape = getattr(value, "shape", None)
    return float(str(value)) if shape == () else None


def _makes(text: str, method: Method, game: Game) -> bool:
    try:
        made = build("method", text, METHODS).for_game(game)
        parts = ((each.rule, each.schedule, each.generator, each.discriminator) for each in (made, method))
        return bool(eqx.tree_equal(*parts))
    except (InvalidType, InvalidValue, TypeError, ValueError):
        return False
