from __future__ import annotations

from bartizan.sentry.stats import SentryReport, add_reports


def test_what_one_process_counted_is_added_and_how_things_stand_is_the_last_ones() -> None:
    ended = SentryReport(records=10, published=2, damaged=1, behind_bytes=5, actors=3)
    live = SentryReport(records=15, published=1, behind_bytes=0, actors=4)
    total = add_reports(ended, live)
    assert (total.records, total.published, total.damaged) == (15, 3, 1)
    assert (total.behind_bytes, total.actors) == (0, 4)


def test_counts_do_not_go_back_while_a_new_process_begins() -> None:
    assert add_reports(SentryReport(records=10), SentryReport()).records == 10
    assert add_reports() == SentryReport()
