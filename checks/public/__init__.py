"""Public training codes of other people, healthy and broken, and what a check and a watch say of each.

`python -m checks.public FOLDER`, where FOLDER has clones of github.com/pytorch/examples, github.com/jik876/hifi-gan and
github.com/brownvc/R3GAN, and `sounds`, a folder of recordings of speech in WAV. Networks, losses, initial weights and
rates are theirs; sizes and numbers of steps are cut to what a CPU does.
"""
