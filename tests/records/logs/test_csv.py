"""Logs in CSV, as several programs write them."""

import csv

import numpy as np
import pytest

from saddlery.errors import InvalidValue
from saddlery.records.logs.read import read_log

STEPS = np.arange(0, 1000, 50)


@pytest.fixture
def log(tmp_path):
    """`log(text, **settings)`: what is read of a file that holds this."""

    def log(content, name="losses.csv", run=None, **asked):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_log(path, asked, run)

    return log


@pytest.fixture
def refused(log):
    """`refused(text, **settings)`: why it is refused, without the file's name."""

    def refused(content, **settings):
        with pytest.raises(InvalidValue) as error:
            log(content, **settings)
        return str(error.value).partition("losses.csv ")[2]

    return refused


def table(names, *columns, separator=","):
    rows = [names, *zip(*columns, strict=True)]
    return "".join(separator.join(map(str, row)) + "\n" for row in rows)


def held(found, what="generator_loss"):
    return found.series[what].steps.tolist(), found.series[what].values.tolist()


LOSSES = np.round(np.linspace(0.5, 1.5, len(STEPS)), 3)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_separators_line_ends_and_encodings(log, separator, end, encoding):
    text = table(["Step", "G_Loss", "D_Loss", "lr"], STEPS, LOSSES, LOSSES, LOSSES, separator=separator)
    found = log(text.replace("\n", end).encode(encoding))
    assert held(found) == held(found, "discriminator_loss") == (STEPS.tolist(), LOSSES.tolist())
    assert found.taken == {"step": "Step", "generator_loss": "G_Loss", "discriminator_loss": "D_Loss"}
    assert (found.counted, found.ignored, found.remarks, found.run) == ("steps", ("lr",), (), "")


def test_a_comma_may_stand_for_the_point_where_semicolons_separate(log):
    assert held(log("step;g_loss\n0;0,5\n50;1e-3\n")) == ([0, 50], [0.5, 0.001])


def test_quoted_fields_and_blank_lines(log):
    found = log('\n"step","g_loss","a, ""name"" with\ttabs"\n\n0,"0.5",x\n\n50," 0.6 ","two\nlines"\n')
    assert held(found) == ([0, 50], [0.5, 0.6])
    assert found.ignored == ('a, "name" with\ttabs',)


def test_numbers_that_are_not_finite_are_told_from_cells_without_a_number(log):
    found = log("step,g_loss,d_loss\n0,nan,1\n1,,1\n2,-inf,1\n3,None,1\n4,Infinity,1\n5,1e999,1\n6,0.5,1\n")
    steps, values = held(found)
    assert steps == [0, 2, 4, 5, 6]
    np.testing.assert_array_equal(values, [np.nan, -np.inf, np.inf, np.inf, 0.5])
    assert found.remarks == ()


def test_what_is_no_number_is_left_out_and_said(log, refused):
    found = log("step,g_loss\n0,0.5\n50,tensor(0.6)\nstep,g_loss\n100,0.7\n0.5,0.8\n")
    assert held(found) == ([0, 100], [0.5, 0.7])
    assert found.remarks == (
        "what is no number in step is left out, such as 'step': 1 of its cells",
        "what is no number in g_loss is left out, such as 'tensor(0.6)': 2 of its cells",
        "1 rows without a whole step were left out",
    )
    assert refused("step,g_loss\n0,tensor(0.5)\n").startswith("holds no numbers in g_loss; what is no number")


def test_the_last_of_a_step_that_is_there_again_counts(log):
    found = log(table(["step", "g_loss"], [0, 50, 100, 50, 100, 150], [1, 2, 3, 4, 5, 6]))
    assert held(found) == ([0, 50, 100, 150], [1, 4, 5, 6])
    assert found.remarks == ("2 steps are there more than once, as of a run that was resumed: the last was taken",)
    again = log(table(["step", "g_loss"], [0, 50, 100, 0], [1, 2, 3, 4]))
    assert again.remarks[0].endswith("; what was written last is of step 0, and those from there to 100 are of before")


def test_steps_need_be_in_no_order(log):
    found = log(table(["step", "g_loss"], STEPS[::-1], LOSSES[::-1]))
    assert held(found) == (STEPS.tolist(), LOSSES.tolist())
    assert found.remarks == ()


def test_lightning_s_rows_hold_one_player_each(log):
    """The columns of its CSVLogger where each optimiser is logged at a step of its own, and a validation at the end."""
    rows = [f",{i // 5},{loss},{2 * i},\n{loss + 1},{i // 5},,{2 * i + 1},\n" for i, loss in enumerate(LOSSES)]
    found = log("d_loss,epoch,g_loss,step,val_fid\n" + "".join(rows) + ",3,,40,31.5\n")
    assert held(found) == (list(range(0, 40, 2)), LOSSES.tolist())
    assert held(found, "discriminator_loss") == (list(range(1, 40, 2)), (LOSSES + 1).tolist())
    assert (found.taken["step"], found.ignored, found.remarks) == ("step", ("epoch", "val_fid"), ())


def chart(path, runs, metrics):
    """A chart of Weights & Biases, exported: its axis, and of each run and metric the value and its band."""
    names = [f"{run} - {metric}{band}" for run in runs for metric in metrics for band in ("", "__MIN", "__MAX")]
    with open(path, "w", newline="") as file:
        write = csv.writer(file, quoting=csv.QUOTE_ALL).writerow
        write(["Step", *names])
        for i, step in enumerate(STEPS):
            write([step, *(LOSSES[i] + run + (band == "__MAX") for run in range(len(runs)) for _ in metrics
                           for band in ("", "__MIN", "__MAX"))])  # fmt: skip
    return path


def test_a_chart_of_weights_and_biases_is_of_one_run(tmp_path):
    path = chart(tmp_path / "wandb.csv", ["brave - moon-8"], ["train/g_loss", "train/d_loss", "lr"])
    found = read_log(path)
    assert held(found) == (STEPS.tolist(), LOSSES.tolist())
    assert found.taken == {
        "step": "Step",
        "generator_loss": "train/g_loss",
        "discriminator_loss": "train/d_loss",
    }
    assert (found.run, found.ignored) == ("brave - moon-8", ("brave - moon-8 - lr",))


def test_of_several_runs_one_is_asked_for(tmp_path):
    path = chart(tmp_path / "wandb.csv", ["quiet-sun-7", "brave - moon-8"], ["g_loss"])
    with pytest.raises(InvalidValue, match="holds 2 runs: quiet-sun-7, brave - moon-8; choose one: --run "):
        read_log(path)
    assert held(read_log(path, run="brave - moon-8"))[1] == pytest.approx(LOSSES + 1)
    whole = read_log(path, {"generator_loss": "quiet-sun-7 - g_loss"})
    assert held(whole)[1] == LOSSES.tolist()
    with pytest.raises(InvalidValue, match=r"--run: .* holds no run 'x'; it has quiet-sun-7, brave - moon-8"):
        read_log(path, run="x")


def test_a_history_of_weights_and_biases_is_along_its_global_step_and_what_ends_early_is_said(log):
    """As `run.history().to_csv` writes it, in which NaN has become blank."""
    losses = [*LOSSES[:10], *[""] * 10]
    names = ["", "_step", "_runtime", "_timestamp", "train/g_loss", "train/d_loss", "trainer/global_step"]
    found = log(table(names, range(20), range(20), LOSSES, LOSSES, losses, LOSSES, STEPS))
    assert held(found)[0] == STEPS[:10].tolist()
    assert found.remarks == ("train/g_loss is blank after step 450, others go on to 950: some programs write NaN so",)
    assert found.ignored[:2] == ("", "_step")


def test_where_steps_begin_anew_rows_are_counted(log):
    found = log(table(["epoch", "batch", "loss_G"], np.arange(20) // 5, np.arange(20) % 5, LOSSES))
    assert held(found) == (list(range(20)), LOSSES.tolist())
    assert (found.counted, found.ignored) == ("rows", ("epoch", "batch"))
    assert found.remarks == ("most rows have a batch that is there before, and are counted instead",)


def test_epochs_and_rows_count_where_there_are_no_steps(log):
    epochs, rows = log(table(["epoch", "g_loss"], range(20), LOSSES)), log(table(["g_loss", "lr"], LOSSES, LOSSES))
    assert (epochs.counted, rows.counted) == ("epoch", "rows")
    assert held(epochs)[0] == held(rows)[0] == list(range(20))
    times = log(table(["step", "g_loss"], LOSSES, LOSSES[::-1]))
    assert (times.counted, held(times)[0][:2]) == ("rows", [0, 1])


def test_columns_are_named_where_their_names_say_nothing(log):
    asked = {"generator_loss": "A", "discriminator_norm": "b", "step": "seconds"}
    found = log(table(["seconds", "A", "b", "c"], STEPS, LOSSES, LOSSES, LOSSES), **asked)
    assert set(found.series) == {"generator_loss", "discriminator_norm"}
    assert (found.counted, found.ignored) == ("seconds", ("c",))


def test_a_column_without_numbers_is_said_and_left_out(log):
    found = log("step,g_loss,d_loss\n0,,1\n50,,2\n")
    assert list(found.series) == ["discriminator_loss"]
    assert found.remarks == ("g_loss holds no numbers",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        ("step,g_loss\n", "has a header and no rows"),
        (
            "0,0.5,1\n50,0.6,1\n",
            "has no header: it begins with '0,0.5,1'; write names above, such as step,gene",
        ),
        (bytes(range(256)), "is a binary file, expected CSV or a TensorBoard event file"),
        ("step,g_loss,loss_G\n0,1,2\n", "has several columns that could be the generator's loss: g_loss, loss_G"),
        ('step,g_loss\n0,"0.5\n' + "50,0.6\n" * 30_000, "is no CSV from line"),
        ("setting,seed,step,generator_loss\na,0,0,1\n", "holds runs of Saddlery's; give their folder instead"),
        ("setting,seed,step,measure,value,check\n", "holds runs of Saddlery's"),
        ("Name,State,g_loss\na,finished,1\n", "is a table of runs, a row for each"),
    ],
)
def test_what_is_no_log_is_refused_in_a_line(refused, content, said):
    message = refused(content)
    assert message.startswith(said)
    assert "\n" not in message


def test_lines_without_end_and_files_that_are_too_long_are_refused(refused, monkeypatch):
    monkeypatch.setattr("saddlery.records.logs.cells.LINE", 1000)
    assert refused("step,g_loss\n" + "1" * 2000).startswith("has a line of more than 1,000 characters")
    monkeypatch.setattr("saddlery.records.logs.cells.ROWS", 10)
    assert refused(table(["step", "g_loss"], STEPS, LOSSES)) == "has more than 10 rows; give fewer"
    monkeypatch.setattr("saddlery.records.logs.read.LARGEST", 100)
    assert refused(table(["step", "g_loss"], STEPS, LOSSES)).endswith("bytes, expected at most 100")


def test_thousands_of_columns_and_pieces_that_are_read_one_after_another(log, monkeypatch):
    names = ["step", *(f"m{i}" for i in range(4000)), "g_loss"]
    rows = [f"{step},{'0.5,' * 4000}{loss}\n" for step, loss in zip(STEPS, LOSSES, strict=True)]
    monkeypatch.setattr("saddlery.records.logs.cells.CELLS", 8000)
    found = log(",".join(names) + "\n" + "".join(rows))
    assert held(found) == (STEPS.tolist(), LOSSES.tolist())
    assert len(found.ignored) == 4000


def test_memory_does_not_grow_with_the_texts(tmp_path, at_most):
    path = tmp_path / "losses.csv"
    path.write_text("step,g_loss\n" + "".join(f"{i},0.123456789{i % 10}\n" for i in range(300_000)))
    read_log(path)
    with at_most(60 << 20):  # as texts 300,000 rows of two are 80 MB
        assert len(read_log(path).series["generator_loss"].steps) == 300_000
