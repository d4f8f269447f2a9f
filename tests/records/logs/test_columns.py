"""Which column of a log is which, by its name."""

import pytest

from saddlery.errors import InvalidValue
from saddlery.records.logs.columns import chosen, counted_by, place_of_steps, run_of, series_of

GENERATOR = [
    "generator_loss", "g_loss", "loss_g", "Loss_G", "G_loss", "loss/generator", "Loss/Generator", "errG", "gLoss",
    "gen_loss", "loss_gen", "train/g_loss", "train/aeloss", "Loss/G/loss", "loss/g/total", "train gen cost",
    "training/gen_loss_total", "loss_gen_all", "netG loss", "g_loss_step",
]  # fmt: skip
DISCRIMINATOR = [
    "discriminator_loss", "d_loss", "loss_d", "D/loss", "Loss_D", "errD", "disc_loss", "loss_dis", "critic_loss",
    "train/discloss", "Loss/D/loss", "loss/d/total", "train disc cost", "train/disc_loss_epoch",
]  # fmt: skip
NEITHER = [
    "loss", "lr", "step", "d_loss_real", "loss_D_A", "Loss/Generator_GAN", "val/g_loss", "g_loss_test", "loss_fm",
    "D(x)", "loss_2d", "g_d_loss", "weight_norm_g", "grad_norm", "epoch", "générateur", "", "g",
]  # fmt: skip


@pytest.mark.parametrize(
    ("names", "what"), [(GENERATOR, "generator_loss"), (DISCRIMINATOR, "discriminator_loss"), (NEITHER, "")]
)
def test_losses_are_known_by_a_player_and_a_loss_and_nothing_else(names, what):
    assert {name: series_of(name) for name in names} == dict.fromkeys(names, what)


def test_norms_are_known_by_a_player_and_a_norm():
    names = ["generator_norm", "grad_norm_g", "G/grad_norm", "gradnorm_gen", "train/g_gradient_norm"]
    assert [series_of(name) for name in names] == ["generator_norm"] * len(names)
    assert series_of("grad_norm_d") == "discriminator_norm"


def test_a_total_goes_before_a_part_and_a_step_before_an_average():
    names = ["g_loss", "g_loss_total", "d_loss_epoch", "d_loss_step"]
    assert chosen(names, {}, "log") == {"generator_loss": 1, "discriminator_loss": 3}
    assert chosen(["d_loss_epoch"], {}, "log") == {"discriminator_loss": 0}


def test_what_could_be_several_is_refused_and_told_how_to_name_it():
    with pytest.raises(InvalidValue) as refused:
        chosen(["step", "train/aeloss", "train/g_loss", "train/discloss"], {}, "losses.csv")
    assert str(refused.value) == (
        "losses.csv has several columns that could be the generator's loss: train/aeloss, train/g_loss; choose one: "
        "--generator-loss 'train/aeloss'"
    )
    asked = {"generator_loss": "Train/AELoss"}
    assert chosen(["train/aeloss", "train/g_loss", "train/discloss"], asked, "log") == {
        "generator_loss": 0,
        "discriminator_loss": 2,
    }


def test_names_that_are_not_there_are_named_with_those_that_are():
    with pytest.raises(InvalidValue, match=r"^log has no column that is known as .*; it has a, b; name them, such as"):
        chosen(["a", "b"], {}, "log")
    with pytest.raises(InvalidValue, match=r"^--discriminator-loss: log has no column 'dloss'; it has a, b$"):
        chosen(["a", "b"], {"discriminator_loss": "dloss"}, "log")
    many = ["train/g_loss", *(f"m{i}" for i in range(3000))]
    with pytest.raises(InvalidValue, match=r"did you mean 'train/g_loss'\?; it has train/g_loss, m0, .* and 2989 more"):
        chosen(many, {"generator_loss": "train/gloss"}, "log")
    with pytest.raises(InvalidValue, match=r"^--generator-loss: log has 2 columns called 'a'; rename one$"):
        chosen(["a", "a"], {"generator_loss": "a"}, "log")


@pytest.mark.parametrize(
    ("names", "place"),
    [
        (["epoch", "step", "g_loss"], 1),
        (["_step", "trainer/global_step", "epoch"], 1),
        (["iter", "epoch"], 0),
        (["epoch", "batch"], 1),
        (["epoch", "g_loss"], 0),
        (["time", "steps_per_second", "g_loss_step"], None),
    ],
)
def test_steps_are_counted_by_what_counts_them_best(names, place):
    assert place_of_steps(names, {}, "log") == place


def test_two_counts_of_steps_are_refused():
    with pytest.raises(InvalidValue, match=r"could be the steps: step, _step; choose one: --step-column 'step'$"):
        place_of_steps(["step", "_step"], {}, "log")
    assert place_of_steps(["step", "_step"], {"step": "_step"}, "log") == 1
    assert [counted_by(name) for name in ("global_step", "epoch", "seconds")] == ["steps", "epoch", "seconds"]


def test_one_of_several_runs_is_chosen():
    assert run_of([], None, "log") == ""
    assert run_of(["a"], None, "log") == run_of(["a", "b"], "a", "log") == "a"
    with pytest.raises(InvalidValue, match=r"^log holds 2 runs: a, b; choose one: --run 'a'$"):
        run_of(["a", "b"], None, "log")
    with pytest.raises(InvalidValue, match=r"^--run: log holds no run 'c'; it has a, b$"):
        run_of(["a", "b"], "c", "log")
    with pytest.raises(InvalidValue, match=r"^--run: log holds no run 'c'; it is of one$"):
        run_of([], "c", "log")
