"""Downloads, from a server on this machine: whole and checked, continued where they broke off, or plainly refused."""

import hashlib
import http.server
import os
import sys
import threading

import numpy as np
import pytest

from saddlery.cli import main
from saddlery.data import fetch

IRREGULAR = ("pipe", "socket", "link to a device", "link in a circle", "link to nothing")
CONTENT = {
    "one.gz": np.random.default_rng(0).bytes(700_000),
    "two.gz": b"two",
}


@pytest.fixture
def server(monkeypatch):
    """A server of `CONTENT` whose requests are noted; it breaks off after `server.breaks` bytes where that is set."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            name, asked = self.path.strip("/"), self.headers.get("Range")
            serving.asked.append((name, asked))
            if name not in serving.content:
                self.send_error(404)
                return
            first = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and serving.ranges else 0
            if first >= len(serving.content[name]) > 0 and first:
                self.send_error(416)
                return
            left = serving.content[name][first:]
            self.send_response(206 if first else 200)
            self.send_header("Content-Length", str(len(left)))
            self.end_headers()
            self.wfile.write(left[: serving.breaks])

        def log_message(self, *_):
            pass

    serving = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving.asked, serving.breaks, serving.content, serving.ranges = [], None, dict(CONTENT), True
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    publish(monkeypatch, f"http://127.0.0.1:{serving.server_port}/")
    thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield serving
    serving.shutdown()
    thread.join()
    serving.server_close()


def publish(monkeypatch, *addresses):
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENT.items()}
    monkeypatch.setitem(fetch.PUBLISHED, "mnist", fetch.Published(addresses, digests))


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_files_are_downloaded_once_into_the_cache(server, cache):
    reports = []
    folder = fetch.get("mnist", progress=lambda *report: reports.append(report))
    assert folder == cache / "data" / "mnist"
    assert files(folder) == CONTENT
    assert reports[-2:] == [("one.gz", 700_000, 700_000), ("two.gz", 3, 3)]
    assert len(server.asked) == 2
    fetch.get("mnist")
    assert len(server.asked) == 2


def test_a_damaged_file_of_the_cache_is_downloaded_again(server, cache):
    (cache / "data" / "mnist").mkdir(parents=True)
    (cache / "data" / "mnist" / "two.gz").write_bytes(b"twt")
    fetch.get("mnist")
    assert files(cache / "data" / "mnist") == CONTENT


def test_a_file_of_the_users_is_not_replaced(server, tmp_path, capsys):
    mine = tmp_path / "two.gz"
    mine.write_bytes(b"mine")
    assert main(["data", "get", "mnist", "--folder", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"error: {mine} is there with another SHA-256 than the published file")
    assert files(tmp_path) == {"two.gz": b"mine"}
    assert server.asked == []
    mine.write_bytes(b"two")
    assert fetch.get("mnist", tmp_path) == tmp_path
    assert files(tmp_path) == CONTENT


@pytest.mark.parametrize("name", ["two.gz", ".two.gz.part"])
@pytest.mark.parametrize("kind", IRREGULAR)
def test_what_is_no_regular_file_is_neither_waited_for_nor_replaced(server, tmp_path, name, kind, irregular):
    irregular(kind, tmp_path / name)
    with pytest.raises(OSError, match=name):
        fetch.get("mnist", tmp_path)
    assert os.path.lexists(tmp_path / name)
    assert "two" not in [asked for asked, _ in server.asked]


@pytest.mark.parametrize("ranges", [True, False], ids=["continued", "begun again"])
def test_a_download_that_breaks_off_is_continued(server, tmp_path, ranges):
    server.breaks, server.ranges = 500_000, ranges
    with pytest.raises(
        OSError, match=r"one\.gz cannot be downloaded .*broke|one\.gz cannot be downloaded .*connection"
    ):
        fetch.get("mnist", tmp_path)
    assert "one.gz" not in files(tmp_path)
    held = (tmp_path / ".one.gz.part").stat().st_size
    assert held > 0
    server.breaks = None
    fetch.get("mnist", tmp_path)
    assert files(tmp_path) == CONTENT
    assert server.asked[1] == ("one.gz", f"bytes={held}-")


def test_a_part_that_is_whole_already_is_taken(server, tmp_path):
    (tmp_path / ".one.gz.part").write_bytes(CONTENT["one.gz"])
    fetch.get("mnist", tmp_path)
    assert files(tmp_path) == CONTENT


def test_another_content_is_thrown_away(server, tmp_path):
    server.content["one.gz"] = b"something else"
    with pytest.raises(ValueError, match=r"one\.gz: what was downloaded has another SHA-256"):
        fetch.get("mnist", tmp_path)
    assert files(tmp_path) == {}


def test_the_next_address_is_tried(server, monkeypatch, tmp_path):
    base = f"http://127.0.0.1:{server.server_port}/"
    publish(monkeypatch, base + "gone/", base)
    fetch.get("mnist", tmp_path)
    assert files(tmp_path) == CONTENT
    assert server.asked[0][0] == "gone/one.gz"


def test_without_a_network_the_command_says_so_in_a_line(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    publish(monkeypatch, "http://127.0.0.1:9/")  # nobody listens there
    assert main(["data", "get", "mnist", "--folder", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: one.gz cannot be downloaded from http://127.0.0.1:9/ (no connection); ")
    assert "is there a network?" in said
    assert str(tmp_path) in said
    assert len(said.splitlines()) == 1
    assert files(tmp_path) == {}


def test_the_command_tells_where_the_files_are(server, cache, capsys):
    assert main(["data", "get", "mnist"]) == 0
    assert capsys.readouterr() == (f"mnist is in {cache / 'data' / 'mnist'}\n", "")
    server.content["two.gz"] = b"other"
    (cache / "data" / "mnist" / "two.gz").unlink()
    assert main(["data", "get", "mnist"]) == 1
    assert "another SHA-256" in capsys.readouterr().err


def test_mistakes_are_told_in_a_line(monkeypatch, tmp_path, capsys):
    assert main(["data", "get", "minst"]) == 2
    assert "unknown data set 'minst'; did you mean 'mnist'" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert main(["data", "get", "mnist", "--folder", str(tmp_path / "file" / "below")]) == 1
    assert capsys.readouterr().err.startswith("error: ")
    monkeypatch.setitem(sys.modules, "pooch", None)
    assert main(["data", "get", "mnist"]) == 1
    assert "downloads need pooch: pip install 'saddlery[images]'" in capsys.readouterr().err


@pytest.mark.parametrize("file", ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"])
def test_the_digests_are_those_of_the_published_files(real, file):
    digest = hashlib.sha256((real("mnist") / file).read_bytes()).hexdigest()
    assert fetch.PUBLISHED["mnist"].files[file] == digest
