from bartizan.decoy.stats import DecoyReport, Stats, add_reports


def test_answers_are_counted_by_class() -> None:
    stats = Stats()
    for status in (200, 201, 404):
        stats.count(status)
    report = stats.report()
    assert report.requests == {"2xx": 2, "4xx": 1}
    assert report.resident_bytes > 1_000_000


def test_reports_of_several_processes_are_summed() -> None:
    one = DecoyReport({"2xx": 1}, 2, 3, 4, 5)
    assert add_reports(one, one, DecoyReport({"4xx": 1})) == DecoyReport({"2xx": 2, "4xx": 1}, 4, 6, 8, 10)
