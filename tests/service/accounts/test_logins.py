"""Sessions, keys and tokens: what lets somebody in, for how long, and who is slowed down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from sqlalchemy import inspect

from scenario_runner.database.engine import Database
from scenario_runner.errors import UsageError
from scenario_runner.service.accounts import passwords
from scenario_runner.service.accounts.accounts import Accounts
from scenario_runner.service.accounts.attempts import Attempts
from scenario_runner.service.accounts.keys import Keys
from scenario_runner.service.accounts.logins import Attempt, LoggedIn, Logins, TooManyAttempts
from scenario_runner.service.accounts.secrets import digest
from scenario_runner.service.accounts.session_times import SessionTimes
from scenario_runner.service.accounts.sessions import Sessions
from scenario_runner.service.accounts.viewer_tokens import LONGEST, ViewerTokens
from scenario_runner.service.audit.trail import Trail
from scenario_runner.service.errors import NotAllowed, NotLoggedIn
from scenario_runner.service.permissions import LOCAL, Arrival, Caller, Permission, Role

ROOT = Caller("root", frozenset({Role.ADMIN}), Arrival.COMMAND)
GOOD = "four words, nothing in common"
WRONG = "five words, nothing in common"
HOME, ELSEWHERE = "192.0.2.7", "198.51.100.9"


class Time:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.moment = dt.datetime(2026, 11, 29, 8, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.moment

    def passes(self, **how_long: float) -> None:
        self.moment += dt.timedelta(**how_long)


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 as it is, with a hundredth of the work: these tests log in hundreds of times."""
    hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", lambda: hasher)
    monkeypatch.setattr(passwords, "_nobodys", lambda: hasher.hash("nobody's"))


@pytest.fixture
def memory() -> Iterator[Database]:
    """A database of one account, joy the nurse."""
    with Database(":memory:") as opened:
        Accounts(opened).add("joy", [Role.NURSE], GOOD, ROOT)
        yield opened


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def sessions(memory: Database, time: Time) -> Sessions:
    return Sessions(memory, SessionTimes(), time)


@pytest.fixture
def logins(memory: Database, sessions: Sessions, time: Time) -> Logins:
    return Logins(memory, sessions, Attempts(time))


def log_in(
    logins: Logins, password: str = GOOD, *, where: str = HOME, device: str | None = None
) -> LoggedIn:
    return logins.log_in(Attempt("joy", password, where, device=device))


def guess(logins: Logins, times: int, *, where: str = HOME, device: str | None = None) -> None:
    for _ in range(times):
        with pytest.raises(NotLoggedIn, match="the name or the password"):
            log_in(logins, WRONG, where=where, device=device)


def test_a_session_ends_when_nobody_uses_it(logins: Logins, sessions: Sessions, time: Time) -> None:
    session = log_in(logins).session
    for _ in range(6):
        time.passes(minutes=29)
        caller = sessions.caller(session)
        assert caller is not None
        assert (caller.name, caller.roles) == ("joy", frozenset({Role.NURSE}))
    time.passes(minutes=30)
    assert sessions.caller(session) is None


def test_a_session_in_use_ends_after_half_a_day(
    logins: Logins, sessions: Sessions, time: Time
) -> None:
    session = log_in(logins).session
    for _ in range(35):
        time.passes(minutes=20)
        assert sessions.caller(session) is not None
    time.passes(minutes=20)
    assert sessions.caller(session) is None


def test_a_session_that_somebody_prepared_is_worth_nothing_after_the_login(
    logins: Logins, sessions: Sessions
) -> None:
    before = log_in(logins).session
    after = logins.log_in(Attempt("joy", GOOD, HOME, session=before)).session
    assert after != before
    assert sessions.caller(before) is None
    assert sessions.caller(after) is not None
    invented = "fabs_" + "x" * 43
    assert logins.log_in(Attempt("joy", GOOD, HOME, session=invented)).session != invented
    assert sessions.caller(invented) is None


def test_a_password_in_the_field_of_the_name_is_kept_nowhere(
    memory: Database, logins: Logins, time: Time
) -> None:
    for _ in range(5):
        with pytest.raises(NotLoggedIn):
            logins.log_in(Attempt(GOOD, "x", HOME))
    with pytest.raises(TooManyAttempts):
        logins.log_in(Attempt(GOOD, "x", HOME))
    with memory.writing() as connection:
        kept = [
            str(row)
            for table in inspect(connection).get_table_names()
            for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"')
        ]
    assert kept
    assert not [row for row in kept if GOOD.lower() in row.lower()]


def test_no_name_that_nobody_has_is_counted_with_another(logins: Logins) -> None:
    """Who knew two that are could tell from the one whether the other one has an account."""
    alike: dict[str, str] = {}
    first, second = next(
        (before, name)
        for name in map("nobody{}".format, range(100_000))
        if (before := alike.setdefault(digest(name)[:4], name)) != name
    )
    for _ in range(5):
        with pytest.raises(NotLoggedIn):
            logins.log_in(Attempt(first, "x", HOME))
    with pytest.raises(TooManyAttempts):
        logins.log_in(Attempt(first, "x", HOME))
    with pytest.raises(NotLoggedIn):
        logins.log_in(Attempt(second, "x", HOME))


def test_who_logs_out_is_out(memory: Database, logins: Logins, sessions: Sessions) -> None:
    done = log_in(logins)
    logins.log_out(done.caller, done.session, HOME)
    assert sessions.caller(done.session) is None
    said = [(one.what, one.caller, one.from_where) for one in Trail(memory).latest(2)]
    assert said == [("logged-out", "joy", HOME), ("logged-in", "joy", HOME)]


def test_a_changed_password_and_a_shut_account_end_the_sessions(
    memory: Database, logins: Logins, sessions: Sessions
) -> None:
    accounts = Accounts(memory)
    first = log_in(logins).session
    accounts.set_password("joy", WRONG, ROOT)
    assert sessions.caller(first) is None
    with pytest.raises(NotLoggedIn):
        log_in(logins)
    second = log_in(logins, WRONG).session
    accounts.add("boss", [Role.ADMIN], GOOD, ROOT)
    accounts.set_disabled("joy", True, ROOT)
    assert sessions.caller(second) is None
    with pytest.raises(NotLoggedIn, match="the name or the password"):
        log_in(logins, WRONG)
    accounts.set_disabled("joy", False, ROOT)
    assert sessions.caller(second) is None


def test_other_roles_are_in_force_at_the_next_request(
    memory: Database, logins: Logins, sessions: Sessions
) -> None:
    session = log_in(logins).session
    Accounts(memory).set_roles("joy", [Role.TECHNICIAN], ROOT)
    caller = sessions.caller(session)
    assert caller is not None
    assert caller.may(Permission.UPLOAD)


def test_who_guesses_is_slowed_down_and_the_right_password_waits_too(
    logins: Logins, time: Time
) -> None:
    guess(logins, 5)
    with pytest.raises(TooManyAttempts) as caught:
        log_in(logins)
    assert caught.value.wait == 1
    time.passes(seconds=1)
    guess(logins, 1)
    with pytest.raises(TooManyAttempts, match="too many") as caught:
        log_in(logins)
    assert caught.value.wait == 2
    time.passes(seconds=2)
    log_in(logins)
    guess(logins, 4)  # forgotten at the right one


def test_the_wait_has_an_end_however_often_somebody_guesses(logins: Logins, time: Time) -> None:
    waited = []
    for _ in range(30):
        try:
            guess(logins, 1)
        except TooManyAttempts as error:
            waited.append(error.wait)
            time.passes(seconds=error.wait)
    assert waited == sorted(waited)
    assert max(waited) <= 15 * 60


def test_nobody_shuts_somebody_out_who_has_logged_in_with_this_browser_before(
    logins: Logins, time: Time
) -> None:
    device = log_in(logins).device
    for number in range(50):
        guess(logins, 1, where=f"203.0.113.{number}")
    with pytest.raises(TooManyAttempts):
        log_in(logins)
    assert log_in(logins, device=device).device == device
    # Nor does somebody else's secret, or an invented one, open a way around the wait.
    with pytest.raises(TooManyAttempts):
        log_in(logins, device="fabd_" + "x" * 43)
    time.passes(days=91)
    guess(logins, 5)
    with pytest.raises(TooManyAttempts):
        log_in(logins, device=device)


def test_a_browser_that_guesses_is_slowed_down_by_itself(logins: Logins) -> None:
    device = log_in(logins).device
    guess(logins, 5, device=device)
    with pytest.raises(TooManyAttempts):
        log_in(logins, device=device)
    log_in(logins)


def test_one_address_that_tries_many_names_is_slowed_down_and_others_are_not(
    logins: Logins,
) -> None:
    for number in range(30):
        with pytest.raises(NotLoggedIn):
            logins.log_in(Attempt(f"nobody{number}", WRONG, ELSEWHERE))
    with pytest.raises(TooManyAttempts):
        logins.log_in(Attempt("nobody99", WRONG, ELSEWHERE))
    log_in(logins)


def test_addresses_of_one_customer_count_as_one(logins: Logins) -> None:
    for number in range(5):
        guess(logins, 1, where=f"2001:db8:1:2::{number}")
    with pytest.raises(TooManyAttempts):
        log_in(logins, where="2001:db8:1:2:ffff::1")
    log_in(logins, where="2001:db8:1:3::1")


def test_an_unknown_name_is_refused_in_the_same_words_and_not_kept(
    memory: Database, logins: Logins
) -> None:
    said = []
    for name in ("joy", "a password typed as a name"):
        with pytest.raises(NotLoggedIn) as caught:
            logins.log_in(Attempt(name, WRONG, HOME))
        said.append((caught.value.code, caught.value.message))
    assert said[0] == said[1]
    kept = [one.detail["account"] for one in Trail(memory).latest(2)]
    assert kept == ["unknown", "joy"]


def test_a_key_is_told_once_and_lets_a_program_in_until_it_is_revoked(
    memory: Database, time: Time
) -> None:
    keys = Keys(memory, time)
    secret = keys.make("Joy", "ward 7", None, ROOT)
    caller = keys.caller(secret)
    assert caller is not None
    assert (caller.name, caller.arrival) == ("joy", Arrival.API_KEY)
    (listed,) = keys.of("joy")
    assert listed.start == secret[:9]
    with memory.reading() as connection:
        assert connection is not None
        rows = connection.exec_driver_sql("SELECT * FROM api_key").all()
    assert secret not in str(rows)
    assert keys.caller(secret[:-1] + ("a" if secret[-1] != "a" else "b")) is None
    with pytest.raises(UsageError, match="already"):
        keys.make("joy", "ward 7", None, ROOT)
    keys.revoke("joy", "ward 7", ROOT)
    assert keys.caller(secret) is None
    with pytest.raises(UsageError, match="no key"):
        keys.revoke("joy", "ward 7", ROOT)


def test_a_key_ends_with_its_time_and_with_its_account(memory: Database, time: Time) -> None:
    keys, accounts = Keys(memory, time), Accounts(memory)
    short = keys.make("joy", "short", dt.timedelta(days=1), ROOT)
    long = keys.make("joy", "long", None, ROOT)
    time.passes(days=1)
    assert keys.caller(short) is None
    assert keys.caller(long) is not None
    accounts.add("boss", [Role.ADMIN], GOOD, ROOT)
    accounts.set_disabled("joy", True, ROOT)
    assert keys.caller(long) is None
    accounts.remove("joy", ROOT)
    assert keys.caller(long) is None


def test_a_viewer_token_is_for_one_study_and_a_short_while(memory: Database, time: Time) -> None:
    tokens = ViewerTokens(memory, time)
    made = tokens.make(LOCAL, "1.2.3")
    caller = tokens.caller(made.token)
    assert caller is not None
    assert caller.may(Permission.VIEW, "1.2.3")
    assert not caller.may(Permission.VIEW, "1.2.4")
    assert not caller.may(Permission.ADMINISTER)
    assert tokens.caller(made.token + "x") is None
    with pytest.raises(NotAllowed):
        tokens.make(caller, "1.2.4")
    time.passes(minutes=15)
    assert tokens.caller(made.token) is None
    for wrong in (dt.timedelta(0), -LONGEST, LONGEST * 2):
        with pytest.raises(UsageError):
            tokens.make(LOCAL, "1.2.3", wrong)


def test_a_viewer_token_ends_with_the_account_of_who_made_it(memory: Database, time: Time) -> None:
    tokens, accounts = ViewerTokens(memory, time), Accounts(memory)
    accounts.add("boss", [Role.ADMIN], GOOD, ROOT)
    token = tokens.make(accounts.named("joy").caller(Arrival.SESSION), "1.2.3").token
    assert tokens.caller(token) is not None
    accounts.set_roles("joy", [Role.MONITOR], ROOT)
    assert tokens.caller(token) is None
    accounts.set_roles("joy", [Role.NURSE], ROOT)
    accounts.set_disabled("joy", True, ROOT)
    accounts.set_disabled("joy", False, ROOT)
    assert tokens.caller(token) is None


def test_both_databases_let_the_same_people_in(database: Database) -> None:
    Accounts(database).add("joy", [Role.NURSE], GOOD, ROOT)
    sessions = Sessions(database)
    logins = Logins(database, sessions)
    guess(logins, 2)
    done = log_in(logins)
    assert sessions.caller(done.session) == done.caller
    assert Keys(database).caller(Keys(database).make("joy", "k", None, ROOT)) is not None
    token = ViewerTokens(database).make(done.caller, "1.2.3").token
    assert ViewerTokens(database).caller(token) is not None
    assert Trail(database).verify().broken is None


def test_a_session_from_a_provider_ends_when_its_browser_logs_in_by_password(
    memory: Database,
) -> None:
    sessions = Sessions(memory)
    from_provider = Caller("joy@house", frozenset({Role.ADMIN}), Arrival.SESSION)
    before = sessions.begin_for(from_provider, None)
    assert sessions.caller(before) == from_provider
    Logins(memory, sessions).log_in(Attempt("joy", GOOD, HOME, session=before))
    assert sessions.caller(before) is None


def test_a_session_ends_while_a_page_asks_alone(
    logins: Logins, sessions: Sessions, time: Time
) -> None:
    by_password = log_in(logins).session
    joy = Caller("joy@house", frozenset({Role.NURSE}), Arrival.SESSION)
    from_provider = sessions.begin_for(joy, None)
    for _ in range(29):
        time.passes(minutes=1)
        assert sessions.caller(by_password, used=False) is not None
        assert sessions.caller(from_provider, used=False) == joy
    time.passes(minutes=1)
    assert sessions.caller(by_password, used=False) is None
    assert sessions.caller(from_provider, used=False) is None


def test_who_comes_back_refused_by_a_provider_fills_no_audit_trail(
    memory: Database, logins: Logins, time: Time
) -> None:
    for number in range(500):
        address = HOME if number % 10 else f"2001:db8::{number}"
        logins.refused_by_provider("https://idp.example", address, "login-over")
    places = [one.from_where for one in Trail(memory).latest(1_000)]
    assert (places.count(HOME), sum(one.startswith("2001:") for one in places)) == (30, 30)
    logins.refused_by_provider("https://idp.example", ELSEWHERE, "login-over")
    time.passes(minutes=5)
    logins.refused_by_provider("https://idp.example", HOME, "login-over")
    places = [one.from_where for one in Trail(memory).latest(1_000)]
    assert (places.count(HOME), places.count(ELSEWHERE)) == (31, 1)
    assert log_in(logins).caller.name == "joy"
