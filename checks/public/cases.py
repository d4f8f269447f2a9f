"""What a check and a watch say of a case: a code of somebody, healthy or broken in a way."""

import importlib
import json
import sys
import time
import warnings
from pathlib import Path

import torch

import saddlery.torch as st
from checks.public.training import Training

CODES = ("dcgan", "hifigan", "r3gan")
HEALTHY = "healthy"
LOOKS = 5  # at the distance of samples from real ones


def names(code: str) -> list[str]:
    """The cases of a code, the healthy one first."""
    return [HEALTHY, *_module(code).BROKEN]


def run(case: tuple[str, str, str, str]) -> dict:
    """What a check and a watch say of a case, each kept in a file."""
    folder, out, code, name = case
    stem = f"{code}-{names(code).index(name)}"
    found = {"code": code, "case": name}
    for part in (checked, watched):
        kept = Path(out) / f"{stem}-{part.__name__}.json"
        if not kept.exists():
            kept.write_text(json.dumps(part(folder, code, name), indent=1))
        found |= json.loads(kept.read_text())
    return found


def checked(folder: str, code: str, name: str) -> dict:
    """What a check says of a case before training."""
    training, began = _made(folder, code, name), time.monotonic()
    opts = {"generator": training.generator, "discriminator": training.discriminator}
    audit = st.check(training.losses, next(training.batches()), **opts, step=training.step)
    took = time.monotonic() - began
    return {"findings": [each.code for each in audit.findings], "checked": str(audit), "check_seconds": took}


def watched(folder: str, code: str, name: str) -> dict:
    """What a watch says of a case along training, and how far samples are from real ones."""
    training, began, steps = _made(folder, code, name), time.monotonic(), _module(code).STEPS
    batches, distances = training.batches(), [training.distance()]
    watch = st.watch(training.generator, training.discriminator)
    for step in range(1, steps + 1):
        watch.note(**training.step(next(batches)))
        if step % (steps // LOOKS) == 0:
            distances.append(training.distance())
            print(f"{code}, {name}: {step} steps, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    watch.close()
    alarms = [(each.alarm.code, each.since) for each in watch.alarms]
    return {"alarms": alarms, "watched": str(watch), "distances": distances, "seconds": time.monotonic() - began}


def _made(folder: str, code: str, name: str) -> Training:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    warnings.simplefilter("ignore", st.TrainingAlarm)
    return _module(code).make(Path(folder).resolve(), **_module(code).BROKEN.get(name, {}))


def _module(code: str):
    return importlib.import_module(f"checks.public.{code}")
