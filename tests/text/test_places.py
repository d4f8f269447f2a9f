"""Absolute paths are left out of texts about runs, and everything else stays as it is."""

import pytest

from saddlery.text.places import unplaced, unplaced_command


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("images(data='/home/me/faces/', size=32)", "images(data='faces', size=32)"),
        ('images(data="/home/o\'brien/faces")', 'images(data="faces")'),
        ("images(data=['/a/one', 'two'])", "images(data=['one', 'two'])"),
        ("images(data='../faces')", "images(data='../faces')"),
        ("images(data=\"folder(path='~/faces', size=8)\")", "images(data=\"folder(path='faces', size=8)\")"),
        ("ring(preset='numerics')", "ring(preset='numerics')"),
    ],
)
def test_names_stand_for_absolute_paths_in_calls(text, shown):
    assert unplaced(text) == shown


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("saddlery run ring --out runs/mine", "saddlery run ring --out runs/mine"),
        ("saddlery run ring -p /home/me/mine.py --out /tmp/a", "saddlery run ring -p mine.py --out a"),
        ("saddlery run ring --store s3://bucket/a.zarr", "saddlery run ring --store s3://bucket/a.zarr"),
        ("saddlery run \"images(data='/a/b')\"", "saddlery run 'images(data='\"'\"'b'\"'\"')'"),
    ],
)
def test_names_stand_for_absolute_paths_in_commands(command, shown):
    assert unplaced_command(command) == shown
