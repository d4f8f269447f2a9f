"""HiFi-GAN of github.com/jik876/hifi-gan on a little speech, with narrower networks and short pieces.

Spectrograms are ours: those of its `meldataset.py` need PyTorch 1 and an earlier librosa.
"""

from itertools import chain
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from scipy.io import wavfile
from scipy.signal import resample_poly
from torch import nn
from torch.nn.functional import l1_loss, pad

from checks.public.training import Training, beside

RATE, BETAS, MEL = 2e-4, (0.8, 0.99), 45.0
HZ, WINDOW, HOP, BANDS, TOP = 22050, 1024, 256, 80, 8000
PIECE, BATCH, SHARE, CHANNELS = 4096, 2, 8, 64  # samples, pieces, of the discriminators' channels one in 8
STEPS = 600
BROKEN = {
    "rates 50 times as large": {"faster": 50.0},
    "adversarial and feature losses on `y_g_hat.detach()`": {"detached": True},
    "the discriminators' rate 10 times as large": {"stronger": 10.0},
}


def make(folder: Path, faster: float = 1.0, stronger: float = 1.0, detached: bool = False) -> Training:
    """The training, with its mistakes where asked for."""
    with beside(folder / "hifi-gan"):
        import models
        from env import AttrDict
    sizes = {"resblock": "2", "upsample_rates": [8, 8, 4], "upsample_kernel_sizes": [16, 16, 8]}
    kernels = {"resblock_kernel_sizes": [3, 5, 7], "resblock_dilation_sizes": [[1, 2], [2, 6], [3, 12]]}
    G = models.Generator(AttrDict(sizes | kernels | {"upsample_initial_channel": CHANNELS}))
    with patch.multiple(models, Conv1d=narrower(nn.Conv1d), Conv2d=narrower(nn.Conv2d)):
        scales, periods = models.MultiScaleDiscriminator(), models.MultiPeriodDiscriminator()
    opt_g = torch.optim.AdamW(G.parameters(), faster * RATE, betas=BETAS)
    both = chain(scales.parameters(), periods.parameters())
    opt_d = torch.optim.AdamW(both, faster * stronger * RATE, betas=BETAS)
    *spoken, kept = recordings(folder / "sounds")
    held = kept[: len(kept) // PIECE * PIECE].reshape(-1, 1, PIECE)

    def batches():
        while True:
            yield torch.stack([piece(spoken[int(torch.randint(len(spoken), ()))]) for _ in range(BATCH)])

    def generated(real):
        return G(spectrogram(real.squeeze(1), TOP))

    def of_discriminators(real, fake):
        found = [models.discriminator_loss(*each(real, fake)[:2])[0] for each in (scales, periods)]
        return found[0] + found[1]

    def of_generator(real, fake):
        seen = fake.detach() if detached else fake
        told = [each(real, seen) for each in (scales, periods)]
        adversarial = sum(models.generator_loss(each[1])[0] for each in told)
        features = sum(models.feature_loss(*each[2:]) for each in told)
        return adversarial + features + MEL * mel_error(real, fake), adversarial, told

    def losses(real):
        fake = generated(real)
        return of_generator(real, fake)[0], of_discriminators(real, fake.detach())

    def step(real):
        fake = generated(real)
        opt_d.zero_grad()
        of_d = of_discriminators(real, fake.detach())
        of_d.backward()
        opt_d.step()
        opt_g.zero_grad()
        of_g, adversarial, told = of_generator(real, fake)
        of_g.backward()
        opt_g.step()
        logits = [[score - 0.5 for each in told for score in each[i]] for i in (0, 1)]  # least squares: a half is even
        scored = {"real_logits": logits[0], "generated_logits": logits[1]}
        return {"generator_loss": adversarial, "discriminator_loss": of_d, "samples": fake, "real": real, **scored}

    @torch.no_grad()
    def distance():
        return float(mel_error(held, generated(held)))

    return Training(opt_g, opt_d, losses, step, batches, distance)


def narrower(layer):
    """A layer whose channels are fewer, but for one."""

    def made(inside, outside, *args, **kwargs):
        return layer(max(1, inside // SHARE), max(1, outside // SHARE), *args, **kwargs)

    return made


def recordings(folder: Path) -> list[torch.Tensor]:
    """The recordings of a folder at 22,050 Hz, each as loud."""
    found = []
    for path in sorted(folder.glob("*.wav")):
        hz, sound = wavfile.read(path)
        sound = resample_poly(sound.astype(float).reshape(len(sound), -1)[:, 0], HZ, hz)
        if len(sound) >= PIECE and (loudest := np.abs(sound).max()):
            found.append(torch.as_tensor(0.95 * sound / loudest).float())
    return found


def piece(sound: torch.Tensor) -> torch.Tensor:
    """A piece of a recording, `(1, PIECE)`, from anywhere in it."""
    first = int(torch.randint(len(sound) - PIECE + 1, ()))
    return sound[None, first : first + PIECE]


def mel_error(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """The mean difference of two sounds' logarithmic spectrograms."""
    return l1_loss(*(spectrogram(each.squeeze(1), HZ / 2) for each in (real, fake)))


def spectrogram(sound: torch.Tensor, top: float) -> torch.Tensor:
    """The logarithm of magnitudes in bands of the mel scale, `(batch, 80, frames)`."""
    edge = (WINDOW - HOP) // 2
    sound = pad(sound[:, None], (edge, edge), mode="reflect")[:, 0]
    window = torch.hann_window(WINDOW)
    found = torch.stft(sound, WINDOW, HOP, window=window, center=False, return_complex=True)
    return torch.log((bands(top) @ (found.abs() ** 2 + 1e-9).sqrt()).clamp(min=1e-5))


def bands(top: float) -> torch.Tensor:
    """Triangular bands of the mel scale (O'Shaughnessy, 1987), of equal area, `(80, WINDOW / 2 + 1)`."""
    to, back = (lambda f: 2595 * np.log10(1 + f / 700)), (lambda m: 700 * (10 ** (m / 2595) - 1))
    edges, at = back(np.linspace(0, to(top), BANDS + 2)), np.linspace(0, HZ / 2, WINDOW // 2 + 1)
    low, middle, high = (edges[i : i + BANDS, None] for i in range(3))
    found = np.maximum(0, np.minimum((at - low) / (middle - low), (high - at) / (high - middle)))
    return torch.as_tensor(found * 2 / (high - low)).float()
