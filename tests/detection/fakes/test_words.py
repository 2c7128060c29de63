from bartizan.detection.fakes.words import COMPANY_FORMS, COUNTRIES, PRODUCTS


def test_every_country_has_all_that_a_persona_needs() -> None:
    for country in COUNTRIES:
        assert len(country.first_names) >= 20
        assert len(country.last_names) >= 15
        assert country.cities
        assert country.streets
        assert COMPANY_FORMS[country.code]
        assert all("##" in phone for phone in country.phones)


def test_words_that_belong_together_are_one() -> None:
    assert "Desk Lamp" in PRODUCTS
    assert not any("_" in word for word in PRODUCTS)
