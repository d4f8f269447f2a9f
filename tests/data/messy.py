"""Ten messy data sets of at least a hundred files each, as people have them: `python -m tests.data.messy FOLDER`."""

import csv
import io
import json
import struct
import sys
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

SEED = 13
Random = np.random.Generator


def encoded(image: Image.Image, kind: str = "JPEG", **settings) -> bytes:
    """The bytes of a picture's file."""
    image.save(file := io.BytesIO(), kind, **settings)
    return file.getvalue()


def photograph(rng: Random, size=(24, 18), mode: str = "RGB") -> Image.Image:
    """A bright sky over a dark ground."""
    pixels = np.empty((size[1], size[0], 3))
    sky = max(1, size[1] // 2)
    pixels[:sky], pixels[sky:] = rng.uniform(180, 250, 3), rng.uniform(5, 70, 3)
    return Image.fromarray(pixels.astype(np.uint8)).convert(mode)


def put(path: Path, content: bytes) -> Path:
    """Write a file, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def camera_card(root: Path, rng: Random) -> Path:
    """Photographs turned by their EXIF data, with previews, films, raw files and what systems leave behind."""
    card = root / "DCIM" / "100CANON"
    for i in range(80):
        exif, turn = Image.Exif(), 1 + i % 8
        exif[0x0112] = turn
        backwards = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # how Pillow calls the turns that undo it
        upright = photograph(rng)
        taken = upright if turn == 1 else upright.transpose(Image.Transpose(backwards[turn]))
        put(card / f"IMG_{i:04}.JPG", encoded(taken, quality=95, exif=exif))
        if i % 3 == 0:
            put(card / f"IMG_{i:04}.THM", encoded(photograph(rng, (8, 6))))
        if i % 8 == 0:
            put(card / f"MVI_{i:04}.MOV", rng.bytes(2000))
        if i % 4 == 0:
            put(card / f"IMG_{i:04}.CR2", b"II*\0" + rng.bytes(500))
    put(card / "Thumbs.db", rng.bytes(300))
    put(root / ".Trashes" / "501" / "IMG_9999.JPG", encoded(photograph(rng)))
    put(card / "._IMG_0001.JPG", rng.bytes(120))
    return root


def scraped(root: Path, rng: Random) -> Path:
    """What came of a list of addresses: other kinds than the names say, broken files, pages, odd names."""
    for i in range(70):
        put(root / f"{i:03}.jpg", encoded(photograph(rng), ("JPEG", "PNG", "WEBP")[i % 3]))
    for i in range(6):
        put(root / f"cut{i}.jpg", encoded(photograph(rng, (200, 150)), quality=95)[: 400 + 100 * i])
        put(root / f"page{i}.jpg", b"<!DOCTYPE html>\n<html><body>403 Forbidden</body></html>")
        put(root / f"empty{i}.png", b"")
        put(root / f"cmyk{i}.jpg", encoded(photograph(rng, mode="CMYK")))
    frames = [photograph(rng) for _ in range(3)]
    for i in range(4):
        put(root / f"moving{i}.gif", encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
        clear = photograph(rng).quantize(16)
        put(root / f"palette{i}.png", encoded(clear, "PNG", transparency=0))
    for name in ("Fußgänger.jpg", "写真.png", "two\nlines.jpg", " space .jpg", "a" * 200 + ".jpg"):
        put(root / name, encoded(photograph(rng)))
    put(root / "photo.heic", rng.bytes(100))
    put(root / "animation.mp4", rng.bytes(100))
    return root


def png16(pixels: np.ndarray) -> bytes:
    """A grey PNG of sixteen bits."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 16, 0, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def medical(root: Path, rng: Random) -> Path:
    """Scans of twelve bits in sixteen, of floating-point numbers, and of eight bits; one holds no number."""
    for i in range(60):
        pixels = rng.integers(0, 3000, (20, 20))
        if i == 7:
            pixels[0, 0] = 4095
        put(root / "ct" / f"{i:03}.png", png16(pixels))
    for i in range(30):
        scan = Image.fromarray(rng.uniform(0, 9, (16, 16)).astype(np.float32))
        put(root / "pet" / f"{i:03}.tif", encoded(scan, "TIFF"))
    for i in range(20):
        put(root / "xray" / f"{i:03}.png", encoded(photograph(rng, mode="L"), "PNG"))
    blank = Image.fromarray(np.full((16, 16), np.nan, np.float32))
    put(root / "pet" / "failed.tif", encoded(blank, "TIFF"))
    put(root / "ct" / "scan.dcm", b"\0" * 128 + b"DICM")
    return root


def with_table(root: Path, rng: Random) -> Path:
    """Pictures in a folder and a table of labels beside it, of which some are missing and some there twice."""
    names = [f"images/{('cat', 'dog', 'owl')[i % 3]}, {i}.png" for i in range(100)]
    for name in [*names[:-4], *(f"images/more{i}.png" for i in range(9))]:
        put(root / name, encoded(photograph(rng), "PNG"))
    rows = [[name, ("Cat", "Dog", "Owl, barn")[i % 3], i] for i, name in enumerate(names)]
    rows += rows[:5]
    with open(root / "labels.csv", "w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows([["Image_Path", "Label", "weight"], *rows])
    put(root / "images" / "not in the table.png", encoded(photograph(rng), "PNG"))
    return root / "labels.csv"


def webdataset(root: Path, rng: Random) -> Path:
    """Four tars of samples with a label and a caption, one of them with a broken picture."""
    for shard in range(4):
        root.mkdir(exist_ok=True)
        with tarfile.open(root / f"shard-{shard:03}.tar", "w") as tar:
            for i in range(30):
                picture = b"broken" if (shard, i) == (2, 11) else encoded(photograph(rng))
                said = json.dumps({"label": ("b", "a", "c")[i % 3], "width": 24}).encode()
                for suffix, content in (("jpg", picture), ("json", said), ("txt", b"a sky")):
                    entry = tarfile.TarInfo(f"{shard:03}{i:05}.{suffix}")
                    entry.size = len(content)
                    tar.addfile(entry, io.BytesIO(content))
    return root / "shard-{000..003}.tar"


def parquet(root: Path, rng: Random) -> Path:
    """Shards as Hugging Face's hub has them, in groups of rows, with the classes' names beside; one row is empty."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    root.mkdir(parents=True, exist_ok=True)
    names = {"info": {"features": {"label": {"names": ["sky", "ground", "sea"], "_type": "ClassLabel"}}}}
    for shard in range(3):
        rows = [{"bytes": encoded(photograph(rng), "PNG"), "path": f"{i}.png"} for i in range(40)]
        if shard == 1:
            rows[5] = {"bytes": None, "path": "gone.png"}
        table = pa.table({"image": rows, "label": [i % 3 for i in range(40)]})
        table = table.replace_schema_metadata({"huggingface": json.dumps(names)})
        pq.write_table(table, root / f"train-{shard:05}-of-00003.parquet", row_group_size=16)
    return root


def linked(root: Path, rng: Random) -> Path:
    """Classes that are links into a store, files that are links, a circle, and links that lead nowhere."""
    store = root.with_name(root.name + "-store")
    for i in range(102):
        put(store / ("cat", "dog", "owl")[i % 3] / f"{i:03}.png", encoded(photograph(rng), "PNG"))
    root.mkdir(exist_ok=True)
    for name in ("cat", "dog"):
        (root / name).symlink_to(store / name)
    (root / "owl").mkdir()
    for file in sorted((store / "owl").iterdir()):
        (root / "owl" / file.name).symlink_to(file)
    (store / "dog" / "again").symlink_to(store / "dog")
    (root / "fox").symlink_to(store / "fox")
    (root / "owl" / "lost.png").symlink_to(store / "owl" / "lost.png")
    return root


def packed(root: Path, rng: Random) -> Path:
    """A zip made on a Mac, its folders nested, with what that adds, and one picture damaged."""
    root.mkdir(parents=True, exist_ok=True)
    path = root / "My pictures.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(110):
            name = f"My pictures/{('2023', '2024/summer', '2024/winter')[i % 3]}/DSC{i:05}.jpeg"
            archive.writestr(name, encoded(photograph(rng)) if i != 50 else b"\xff\xd8\xff\xe0 cut")
            archive.writestr(f"__MACOSX/{name.replace('DSC', '._DSC')}", rng.bytes(50))
        archive.writestr("My pictures/.DS_Store", rng.bytes(50))
        archive.writestr("My pictures/read me.txt", "by me")
    return path


def sorted_tree(root: Path, rng: Random) -> Path:
    """A folder for each class, of very different sizes, and one that is empty."""
    for name, count in (("common", 100), ("rare", 12), ("single", 1)):
        for i in range(count):
            put(root / name / f"{i:03}.bmp", encoded(photograph(rng), "BMP"))
    (root / "empty").mkdir()
    return root


def mixed_sizes(root: Path, rng: Random) -> Path:
    """From one pixel to millions, narrow and wide, endings in capitals, hidden files and copies of editors."""
    for i in range(90):
        size = (int(rng.integers(1, 60)), int(rng.integers(1, 60)))
        put(root / f"{i:03}.{('PNG', 'png', 'Png')[i % 3]}", encoded(photograph(rng, size), "PNG"))
    for name, size in (("pixel", (1, 1)), ("wide", (900, 1)), ("high", (1, 900)), ("large", (3000, 2000))):
        put(root / f"{name}.JPEG", encoded(photograph(rng, size)))
    put(root / "poster.PNG", encoded(Image.new("1", (9000, 8000)), "PNG"))  # 72 million pixels
    for i in range(10):
        put(root / f".{i}.png.swp", rng.bytes(20))
        put(root / ".thumbnails" / f"{i}.png", encoded(photograph(rng, (4, 4)), "PNG"))
    return root


MESSY: dict[str, Callable[[Path, Random], Path]] = {
    each.__name__: each
    for each in (
        camera_card, scraped, medical, with_table, webdataset, parquet, linked, packed, sorted_tree, mixed_sizes,
    )
}  # fmt: skip


def made(name: str, root: Path) -> Path:
    """Make one of them in a folder; returns the path to be read."""
    return MESSY[name](root / name, np.random.default_rng(SEED))


def main(root: Path) -> None:
    """Make each, read it, and print what came of it."""
    from saddlery.data import folder, origin_of

    for name in MESSY:
        path = made(name, root)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            data = folder(path, 16)
        labels = "none" if data.labels is None else np.bincount(np.asarray(data.labels)).tolist()
        print(f"{name}: {len(data)} images, labels {labels}, classes {list(origin_of(data).classes)}")
        for each in said:
            print("   ", str(each.message).removeprefix(str(path)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
