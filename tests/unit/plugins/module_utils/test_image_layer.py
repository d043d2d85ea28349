# SPDX-License-Identifier: GPL-3.0-or-later
import io
import os
import tarfile
from pathlib import Path

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils import image_layer
from ansible_collections.mesospark.platform.plugins.module_utils.errors import OptionError


def test_the_same_files_make_the_same_layer(tmp_path: Path) -> None:
    layers = []
    for folder in ("one", "two"):
        (tmp_path / folder / "package").mkdir(parents=True)
        (tmp_path / folder / "package/b.py").write_text("b", encoding="utf-8")
        (tmp_path / folder / "app.py").write_text("a", encoding="utf-8")
        os.utime(tmp_path / folder / "app.py", (len(layers), len(layers)))
        paths = [str(tmp_path / folder / "app.py"), str(tmp_path / folder / "package")]
        layers.append(image_layer.layer_of(image_layer.local_files([("files", paths)])))
    assert layers[0] == layers[1]
    assert image_layer.compressed(layers[0]) == image_layer.compressed(layers[1])
    with tarfile.open(fileobj=io.BytesIO(layers[0])) as archive:
        entries = {entry.name: (entry.mode, entry.uid, entry.isdir()) for entry in archive}
    assert entries == {
        "opt/job": (0o755, 0, True),
        "opt/job/package": (0o755, 0, True),
        "opt/job/app.py": (0o644, 0, False),
        "opt/job/package/b.py": (0o644, 0, False),
    }


def test_two_files_of_one_name(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.py").write_text(folder, encoding="utf-8")
    with pytest.raises(OptionError, match=r"has the same name as .*; rename one of them"):
        image_layer.local_files([("files", [str(tmp_path / "one/a.py"), str(tmp_path / "two/a.py")])])


def test_the_same_file_twice_is_one(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("a", encoding="utf-8")
    path = str(tmp_path / "a.py")
    assert len(image_layer.local_files([("application", [path]), ("files", [path])])) == 1


def test_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_layer, "MAXIMUM_SIZE", 10)
    (tmp_path / "a").write_bytes(b"x" * 11)
    with pytest.raises(OptionError, match="put large data where agents can read it"):
        image_layer.local_files([("files", [str(tmp_path / "a")])])
