"""evergreen.images.backgrounds.photos: those that ship are as the code says; of a folder, what is none is told."""

import hashlib
from pathlib import Path

import cv2
import pytest
from screens import busy

from evergreen.errors import BadInput
from evergreen.images.backgrounds import photos
from evergreen.images.backgrounds.photos import digest_of, photos_in, shipped


def _photo(path: Path, seed: int, size: tuple[int, int] = (40, 60)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), busy(*size, seed))


def test_the_photos_that_ship_are_all_there_as_the_code_says() -> None:
    folder = Path(photos.__file__).parent / "shipped"
    there = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.jpg")}
    assert there == photos._SCENES
    listed = (folder / "README.md").read_text(encoding="utf-8")
    assert all(f"| {name} |" in listed for name in there)
    assert len(shipped()) == len(there)
    assert all(photo.std() > 10 and photo.shape[2] == 3 for photo in shipped())


def test_photos_of_a_folder_and_of_those_in_it_by_name(tmp_path: Path) -> None:
    _photo(tmp_path / "b.png", 1)
    _photo(tmp_path / "a" / "wide.jpg", 2, (300, 1024))
    _photo(tmp_path / ".hidden" / "no.png", 3)
    (tmp_path / "notes.txt").write_text("no photo")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    found = photos_in(str(tmp_path))
    assert [picture.shape for picture in found.pictures] == [(150, 512, 3), (40, 60, 3)]
    assert set(found.left_out) == {"notes.txt", "broken.jpg"}
    assert all(found.left_out.values())
    assert found.beyond == 0


def test_another_byte_another_name_order_or_one_more_is_another_digest(tmp_path: Path) -> None:
    _photo(tmp_path / "a.png", 1)
    _photo(tmp_path / "b.png", 2)
    first, opened = digest_of(str(tmp_path)), photos_in(str(tmp_path)).digest
    assert (digest_of(str(tmp_path)), photos_in(str(tmp_path)).digest) == (first, opened)
    (tmp_path / "a.png").rename(tmp_path / "c.png")  # so they come in another order
    assert digest_of(str(tmp_path)) != first
    assert photos_in(str(tmp_path)).digest != opened


def test_what_lies_beyond_the_first_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "MOST_PHOTOS", 2)
    for number in range(5):
        _photo(tmp_path / f"{number}.png", number)
    found = photos_in(str(tmp_path))
    assert (len(found.pictures), found.beyond) == (2, 3)


def test_a_folder_that_is_not_there_or_has_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="expected a folder of photos, found none at"):
        photos_in(str(tmp_path / "none"))
    (tmp_path / "notes.txt").write_text("no photo")
    with pytest.raises(BadInput, match=r"found none that can be used among 1 files\n  notes.txt: "):
        photos_in(str(tmp_path))
