"""Which parameters and modules a loss reaches: F02, F08 to F11, F15."""

from collections.abc import Iterable, Sequence

import torch
from torch.nn import Module
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from saddlery.torch.audit.calls import derivatives, flagged
from saddlery.torch.audit.evaluation import Evaluated, Evaluations
from saddlery.torch.audit.findings import CODES, Finding, Told
from saddlery.torch.audit.rows import Score
from saddlery.torch.audit.scores import GENERATED, D, G, Response, weighs
from saddlery.torch.players import NAMES, Player

NAMED = 4  # parameters or modules that a finding names
DRAWS = 16  # evaluations with other random numbers at most, of which one may use a layer that others leave out
WEIGHED = "scores weigh the generator's loss, and are constants in it, as with policy gradients"
MOODS = (_BatchNorm, _DropoutNd)  # modules that do something else in evaluation mode


def names(modules: Iterable[Module]) -> dict[int, str]:
    """The names of parameters: the outermost module's class, and the path in it."""
    found: dict[int, str] = {}
    for module in modules:
        for path, each in module.named_parameters():
            found.setdefault(id(each), f"{type(module).__name__}.{path}")
    return found


def owned(evaluate: Evaluations, base: Evaluated, again: Evaluated) -> tuple[list[Finding], list[str]]:
    """The findings on which optimisers hold parameters, F09 and F10, and notes on networks that none holds.

    **Arguments:** two evaluations: a network that only one of them knows is a copy that it made.
    """
    named = names(base.outermost)
    free, fixed = _free(evaluate, base, {id(each) for each in again.outermost})
    both = [id(each) for each in evaluate.players[G].parameters if id(each) in evaluate.discriminator]
    found = []
    if free:
        alone = list(dict.fromkeys(named[each] for each in free))
        what = f"{CODES['F09']}: {_count(alone, 'of them')}"
        found.append(Finding("F09", what, _some(alone), "give them to an optimiser, or freeze them"))
    if both:
        shared = [named.get(each, "a parameter that no module was seen with") for each in both]
        remedy = "give each parameter to the player whose loss it is to make small"
        found.append(Finding("F10", f"{CODES['F10']}: {_count(shared, 'of them')}", _some(shared), remedy))
    notes = [
        f"{name} is in evaluation mode and in no optimiser, but not frozen: gradients are computed for nothing"
        for name in fixed
    ]
    return found, notes


def _free(evaluate: Evaluations, base: Evaluated, known: set[int]) -> tuple[list[int], list[str]]:
    """The `id`s of trainable parameters in no optimiser which a loss depends on, and networks that are held still."""
    held = evaluate.generator | evaluate.discriminator
    free: list[int] = []
    fixed = []
    for module in (each for each in base.outermost if id(each) in known):
        every = [*module.parameters()]
        others = [each for each in every if id(each) not in held and evaluate.state.flag(each)]
        by_loss = [derivatives(loss, others) for loss in base.losses]
        reached = [id(each) for each, *by in zip(others, *by_loss, strict=True) if any(one is not None for one in by)]
        if reached and not evaluate.state.training(module) and not any(id(each) in held for each in every):
            fixed.append(type(module).__name__)
        else:
            free += reached
    return list(dict.fromkeys(free)), fixed


def reached(evaluate: Evaluations, base: Evaluated, scores: Sequence[Score], responses: Sequence[Response]) -> Told:
    """The findings on which of its player's parameters a loss has derivatives by, F02, F08 and F11, and notes."""
    named, notes = names(base.outermost), []
    cut = Told() if _frozen(evaluate, evaluate.players[G]) else _cut(evaluate, base, scores, responses)
    found = [*cut.findings]
    for loss, player in enumerate(evaluate.players):
        if unreached_ := unreached(evaluate, base, loss):
            found += [] if found else [unreached_]
            continue
        without = _without(base, loss, player.parameters)
        frozen = [each for each in without if not evaluate.state.flag(each)]
        unused = [each for each in without if evaluate.state.flag(each)]
        for _ in range(DRAWS):
            unused = _without(evaluate.again(evaluate.batch), loss, unused) if unused else []
        of = f"of the {player.name}'s {len(player.parameters)}"
        if unused:
            alone = [named.get(id(each), f"one of shape {tuple(each.shape)}") for each in unused]
            remedy = "use them, or take them out of the optimiser"
            found.append(Finding("F11", f"{CODES['F11']}: {len(unused)} {of}", _some(alone), remedy))
        if frozen:
            notes.append(f"{len(frozen)} {of} parameters in its optimiser are frozen, and stay as they are")
    evaluate.state.restore()
    return Told(tuple(found), tuple(notes), cut.missing)


def unreached(evaluate: Evaluations, base: Evaluated, loss: int) -> Finding | None:
    """The finding that a loss has no derivative by any of its player's parameters: F02."""
    player = evaluate.players[loss]
    if len(_without(base, loss, player.parameters)) < len(player.parameters):
        return None
    what = f"{CODES['F02']}: it has no derivative by any of the {player.name}'s"
    if _frozen(evaluate, player):
        return Finding("F02", f"{what}, which are all frozen", "", "call .requires_grad_(True) on it before its loss")
    if not base.losses[loss].requires_grad:
        what += ", nor by anything else"
    return Finding("F02", what, "", "look for detach, no_grad, .data or .item() between the parameters and the loss")


def _frozen(evaluate: Evaluations, player: Player) -> bool:
    """Whether all of a player's parameters were frozen before the losses were taken."""
    return not any(evaluate.state.flag(each) for each in player.parameters)


def _without(evaluated: Evaluated, loss: int, parameters: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The parameters by which a loss has no derivative."""
    with flagged(parameters):
        gradients = derivatives(evaluated.losses[loss], parameters)
    return [parameter for parameter, each in zip(parameters, gradients, strict=True) if each is None]


def _cut(evaluate: Evaluations, base: Evaluated, scores: Sequence[Score], responses: Sequence[Response]) -> Told:
    """The finding that scores which the generator's loss is made of have no derivative by the generator: F08."""
    seen, own, reaching = [], [], False
    parameters = evaluate.players[G].parameters
    for score, response in zip(scores, responses, strict=True):
        if not (response.responds(G, GENERATED) and response.responds(D, GENERATED)):
            continue
        calls = [
            (base.calls[k].outputs[score.leaf], base.calls[k].site) for k, rows in score.rows.items() if rows.any()
        ]
        seen += [site for _, site in calls]
        for output, site in calls:
            [of_loss] = derivatives(base.losses[G], [output])
            if of_loss is not None:  # otherwise it is the discriminator's call, or cut off after it
                own.append(site)
                reaching |= _reaches(output, parameters)
    if not seen or reaching:
        return Told()
    if weighs(evaluate, base):
        return Told(missing=dict.fromkeys(("F07", "F08"), WEIGHED))
    remedy = "make the generator's loss of scores of samples that are not detached, and do not detach it either"
    what = f"{CODES['F08']}: the graph of derivatives is cut between them"
    return Told((Finding("F08", what, str([*own, *seen][0]), remedy),))


def _reaches(output: torch.Tensor, parameters: Sequence[torch.Tensor]) -> bool:
    with flagged(parameters):
        return any(each is not None for each in derivatives(output.sum(), parameters))


def moods(evaluate: Evaluations, base: Evaluated) -> list[Finding]:
    """The finding that modules which do something else then are in evaluation mode, and were so in all calls: F15."""
    held = evaluate.generator | evaluate.discriminator
    moved = {id(each) for each in evaluate.state.parameters if id(each) in held and evaluate.state.flag(each)}
    still = [
        f"{type(module).__name__}{f'.{path}' if path else ''} ({type(each).__name__})"
        for module in base.outermost
        for path, each in module.named_modules()
        if isinstance(each, MOODS)
        and getattr(each, "p", 1.0) > 0
        and not evaluate.state.training(each)
        and id(each) not in base.trained
        and _moves(module, path, moved)
    ]
    if not still:
        return []
    what = f"{CODES['F15']}: {_count(still, 'of them that do something else in training')}"
    return [Finding("F15", what, _some(still), f"call .train() on the {' and the '.join(NAMES)} before training")]


def _moves(module: Module, path: str, moved: set[int]) -> bool:
    """Whether training moves a module within another, or, where it has no parameters, that which holds it."""
    within = module.get_submodule(path)
    if not any(True for _ in within.parameters()):
        within = module.get_submodule(path.rpartition(".")[0])
    return any(id(each) in moved for each in within.parameters())


def _count(of: Sequence[str], what: str) -> str:
    return f"{len(of)} {what}"


def _some(of: Sequence[str]) -> str:
    more = f" and {len(of) - NAMED} more" if len(of) > NAMED else ""
    return ", ".join(of[:NAMED]) + more
