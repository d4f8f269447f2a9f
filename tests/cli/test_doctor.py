"""`saddlery doctor`: what it finds well, and what it says is wrong."""


def test_the_doctor_computes_and_finds_this_machine_well(saddlery, monkeypatch, tmp_path):
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "")
    monkeypatch.setenv("SADDLERY_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SADDLERY_DATA", raising=False)
    code, printed, _ = saddlery("doctor")
    assert code == 0
    for word in ("jax ", "devices", "a 256×256 product: ", "memory", f"{tmp_path / 'cache'}: 0 files", "SADDLERY_DATA"):
        assert word in printed
    assert "wrong" not in printed


def test_the_doctor_says_what_is_wrong_and_what_to_do(saddlery, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "")
    monkeypatch.setenv("SADDLERY_CACHE", str(tmp_path / "file" / "cache"))
    monkeypatch.setenv("SADDLERY_DATA", str(tmp_path / "nowhere"))
    code, printed, _ = saddlery("doctor")
    assert code == 1
    assert printed.count("wrong  ") == 2
    assert "cannot be written" in printed
    assert "set SADDLERY_CACHE to a folder of yours" in printed
    assert "set SADDLERY_DATA to a folder that is there" in printed
