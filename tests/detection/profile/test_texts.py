from bartizan.detection.profile.candidates import MANY, Candidates
from bartizan.detection.profile.texts import Texts


def learned(*values: str, keepable: bool = True) -> Texts:
    texts, candidates = Texts(), Candidates()
    for index, value in enumerate(values):
        texts.learn(value, "place", index, candidates, keepable=keepable)
    return texts


def test_lengths_forms_and_times_are_kept() -> None:
    texts = learned("2024-01-02", "2024-03-04", keepable=False)
    assert (texts.low, texts.high, texts.form) == (10, 10, "date")
    assert 1_709_500_000 < texts.latest < 1_709_600_000
    assert texts.values == {}


def test_lengths_of_the_few_shortest_and_longest_do_not_count() -> None:
    texts = learned("a b", *["Lamp, oak"] * 30, *["Mirror, steel"] * 30, "Lampshade, transparent", keepable=False)
    assert texts.middling == (9, 13)
    texts.merge(learned(*["Rug, oak"] * 30, keepable=False))
    assert texts.middling == (8, 13)
    texts.halve()
    assert texts.middling == (8, 13)
    assert learned("2024-01-02", keepable=False).middling == (10, 10)


def test_words_are_kept_once_many_have_them_and_only_while_they_are_few() -> None:
    assert learned(*["paid", "open"] * 20).few == ["open", "paid"] or learned(*["paid", "open"] * 20).few == [
        "paid",
        "open",
    ]
    assert learned(*["paid"] * (MANY - 1)).few == []
    assert learned(*[f"word{chr(97 + index)}" for index in range(20)] * 10).few == []


def test_one_text_that_may_not_be_kept_ends_it() -> None:
    texts, candidates = Texts(), Candidates()
    for index in range(20):
        texts.learn("paid", "p", index, candidates, keepable=True)
    texts.learn("Erika Miller", "p", 99, candidates, keepable=False)
    assert texts.few == []
    other = learned(*["paid"] * 20)
    other.merge(texts)
    assert other.few == []


def test_letters_that_numbers_begin_with_are_part_of_the_form() -> None:
    assert learned(*[f"ORD-{number}" for number in range(1000, 1030)], keepable=False).form == "parts:ORD-{int:4}"


def test_merging_adds_up_and_halving_forgets() -> None:
    one, other = learned(*["paid"] * 10), learned(*["paid"] * 8, "open")
    one.merge(other)
    one.merge(Texts())
    assert one.count == 19
    assert one.few == ["paid"]
    one.halve()
    assert one.count == 10
    assert one.few == ["paid"]


def test_forms_are_bounded() -> None:
    texts = learned(*["a" * index + "1" * index for index in range(2, 30)], keepable=False)
    assert len(texts.forms) <= 9
