from bench.rotation import Outcome, Race, run_signalbox
from db import Database
from tests.conftest import KEYRING_KEY


def test_two_hundred_callers_in_four_processes_make_one_call(database: Database) -> None:
    assert run_signalbox(database, KEYRING_KEY, Race(processes=4, callers=50)) == Outcome(
        calls=1, refused=0, served=200, survives=True
    )
