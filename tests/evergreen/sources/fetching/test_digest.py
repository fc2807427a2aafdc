"""evergreen.sources.fetching.digest: SHA-256 of all bytes in their order, also after a restart."""

import hashlib
import random
from pathlib import Path

from evergreen.sources.fetching.digest import Digest


def test_bytes_count_in_their_order_and_a_restart_forgets_them(tmp_path: Path) -> None:
    pieces = [random.Random(number).randbytes(10_000) for number in range(50)]
    digest = Digest()
    try:
        for piece in pieces:
            digest.update(piece)
        assert digest.hexdigest() == hashlib.sha256(b"".join(pieces)).hexdigest()
        (tmp_path / "part").write_bytes(b"half")
        digest.restart(tmp_path / "part")
        digest.update(b" and half")
        assert digest.hexdigest() == hashlib.sha256(b"half and half").hexdigest()
        digest.restart()
        assert digest.hexdigest() == hashlib.sha256().hexdigest()
    finally:
        digest.close()
