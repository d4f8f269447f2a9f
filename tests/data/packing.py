"""What tests of folders and zips share: a zip of a folder, and what the cache holds."""

import zipfile


def kept(cache):
    """The folders that the cache holds."""
    return sorted((cache / "images").glob("*")) if (cache / "images").exists() else []


def packed(path, root):
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(root.rglob("*")):
            archive.write(file, file.relative_to(root).as_posix())
    return path
