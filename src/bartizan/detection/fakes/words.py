"""What fakes are made of: names, places, companies and things of several countries.

Phone numbers are of ranges that regulators keep free for films (Ofcom, ARCEP, Bundesnetzagentur, PTS, NANPA), so that
nobody is called; the names of companies are put together, and so are the domains of mail addresses.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "ADJECTIVES",
    "CAPITALS",
    "COMPANY_FORMS",
    "COMPANY_HEADS",
    "COMPANY_TAILS",
    "COUNTRIES",
    "NOTES",
    "PRODUCTS",
    "PRODUCT_WORDS",
    "ROLES",
    "TOPICS",
    "Country",
]


class Country(NamedTuple):
    """A country. In ``phones`` and ``postcodes`` # is a digit and @ a capital letter."""

    code: str
    alpha3: str
    name: str
    locale: str
    currency: str
    timezone: str
    domain: str
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    cities: tuple[tuple[str, str, str], ...]
    """Name, region, and form of the post code."""
    streets: tuple[str, ...]
    number_first: bool
    phones: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in text.split())


COUNTRIES = (
    Country(
        "DE",
        "DEU",
        "Germany",
        "de-DE",
        "EUR",
        "Europe/Berlin",
        "de",
        _words(
            "Anna Lena Julia Katharina Sabine Petra Monika Claudia Nina Svenja Thomas Andreas Michael Stefan Markus "
            "Jan Lukas Felix Tobias Florian Matthias Jens Uwe Holger Elif Mehmet Aylin Emre"
        ),
        _words(
            "Becker Hoffmann Krause Lehmann Vogt Brandt Seidel Winkler Haas Kuhn Arnold Pohl Engel Horn Busch Thiel "
            "Sauer Voigt Jansen Petersen Lindner Kramer Yilmaz Demir Hartwig Reuter Bachmann Ebert"
        ),
        (
            ("Berlin", "Berlin", "10###"),
            ("Hamburg", "Hamburg", "20###"),
            ("Leipzig", "Sachsen", "041##"),
            ("Bremen", "Bremen", "281##"),
            ("Kassel", "Hessen", "341##"),
            ("Freiburg", "Baden-Württemberg", "791##"),
            ("Münster", "Nordrhein-Westfalen", "481##"),
        ),
        _words(
            "Lindenstraße Gartenweg Bahnhofstraße Kirchgasse Mühlenweg Goethestraße Am_Stadtpark Ringstraße "
            "Schillerstraße Eichenallee Hafenstraße Birkenweg"
        ),
        False,
        ("+49 30 23125 ###", "+49 171 39200 ##"),
    ),
    Country(
        "GB",
        "GBR",
        "United Kingdom",
        "en-GB",
        "GBP",
        "Europe/London",
        "co.uk",
        _words(
            "Emma Olivia Charlotte Sophie Hannah Lucy Rachel Gemma Nicola Priya Aisha James Oliver Daniel Matthew "
            "Callum Ryan Gareth Simon Stuart Imran Ravi Alistair Fiona Eilidh Rhys"
        ),
        _words(
            "Walker Hughes Edwards Green Turner Bennett Cooper Ward Foster Barnes Chapman Ellis Webb Holmes Palmer "
            "Marshall Patel Hussain Fraser Campbell Pritchard Griffiths Lowe Hargreaves"
        ),
        (
            ("Leeds", "West Yorkshire", "LS# #@@"),
            ("Bristol", "Bristol", "BS# #@@"),
            ("Sheffield", "South Yorkshire", "S1# #@@"),
            ("Cardiff", "South Glamorgan", "CF1# #@@"),
            ("Norwich", "Norfolk", "NR# #@@"),
            ("Dundee", "Angus", "DD# #@@"),
            ("Reading", "Berkshire", "RG# #@@"),
        ),
        _words(
            "Station_Road Church_Lane Victoria_Street Mill_Lane Albert_Road Queens_Drive The_Crescent Park_Avenue "
            "Chestnut_Close Manor_Way High_Street Grange_Road"
        ),
        True,
        ("+44 7700 900###",),
    ),
    Country(
        "FR",
        "FRA",
        "France",
        "fr-FR",
        "EUR",
        "Europe/Paris",
        "fr",
        _words(
            "Camille Léa Manon Chloé Sophie Nathalie Isabelle Céline Aurélie Inès Nicolas Julien Thomas Antoine "
            "Guillaume Mathieu Vincent Olivier Romain Karim Yanis Hugo Bastien Laurence"
        ),
        _words(
            "Moreau Lefèvre Roux Fournier Girard Mercier Bonnet Lambert Fontaine Rousseau Blanchard Guérin Chevalier "
            "Perrin Masson Gauthier Marchand Lemaire Benali Renard Collet Picard Leclercq Barbier"
        ),
        (
            ("Lyon", "Auvergne-Rhône-Alpes", "6900#"),
            ("Nantes", "Pays de la Loire", "44#00"),
            ("Lille", "Hauts-de-France", "59#00"),
            ("Toulouse", "Occitanie", "31#00"),
            ("Rennes", "Bretagne", "35#00"),
            ("Dijon", "Bourgogne-Franche-Comté", "21000"),
        ),
        _words(
            "rue_des_Lilas avenue_Jean_Jaurès rue_Victor_Hugo place_du_Marché rue_de_la_Gare boulevard_Voltaire "
            "rue_Pasteur chemin_des_Vignes rue_de_la_République allée_des_Tilleuls"
        ),
        True,
        ("+33 6 39 98 ## ##", "+33 1 99 00 ## ##"),
    ),
    Country(
        "SE",
        "SWE",
        "Sweden",
        "sv-SE",
        "SEK",
        "Europe/Stockholm",
        "se",
        _words(
            "Elin Maja Linnea Sara Ingrid Karin Malin Frida Astrid Erik Lars Oskar Johan Anders Viktor Gustav Henrik "
            "Fredrik Amir Leila Nils Tove"
        ),
        _words(
            "Lindqvist Bergström Sandberg Forsberg Nyström Holmgren Ekström Hedlund Sjöberg Wallin Dahlgren Åkesson "
            "Lundin Norberg Strand Öberg Haddad Blomqvist"
        ),
        (
            ("Uppsala", "Uppsala län", "752 ##"),
            ("Malmö", "Skåne län", "211 ##"),
            ("Örebro", "Örebro län", "702 ##"),
            ("Umeå", "Västerbottens län", "903 ##"),
            ("Linköping", "Östergötlands län", "582 ##"),
        ),
        _words("Storgatan Skolgatan Kungsgatan Björkvägen Järnvägsgatan Ringvägen Tallvägen Hamngatan Parkvägen"),
        False,
        ("+46 8 465 004 ##", "+46 31 390 06 ##"),
    ),
    Country(
        "US",
        "USA",
        "United States",
        "en-US",
        "USD",
        "America/Chicago",
        "com",
        _words(
            "Ashley Jessica Megan Lauren Brittany Nicole Maria Denise Keisha Grace Brian Kevin Jason Tyler Marcus "
            "Derek Luis Carlos Anthony Raymond Wei Hannah Caleb Monique"
        ),
        _words(
            "Reynolds Coleman Jenkins Perry Sanders Bryant Hayes Gibson Ramirez Ortiz Nguyen Wallace Mcdonald Hicks "
            "Crawford Boyd Warren Fuller Delgado Vasquez Whitaker Tran Hollis Burgess"
        ),
        (
            ("Columbus", "OH", "432##"),
            ("Omaha", "NE", "681##"),
            ("Tucson", "AZ", "857##"),
            ("Raleigh", "NC", "276##"),
            ("Boise", "ID", "837##"),
            ("Madison", "WI", "537##"),
            ("Tacoma", "WA", "984##"),
        ),
        _words(
            "Maple_Ave Oak_St Washington_Blvd Cedar_Ln Elm_St Ridge_Rd Lakeview_Dr Sunset_Blvd Walnut_St Franklin_Ave "
            "Hillcrest_Rd Jefferson_St"
        ),
        True,
        ("+1 614-555-01##", "+1 402-555-01##", "+1 919-555-01##"),
    ),
)

CAPITALS = "ABCDEFGHJKLMNPRSTUVWXYZ"
"""Those that nobody takes for digits."""
COMPANY_HEADS = _words(
    "Norvik Haldenberg Castellan Brightwater Ostrava Kestrel Lindholt Marlowe Tessera Ravensworth Altmark Corvane "
    "Silverbeck Thornfield Varden Westerlund Quillan Bramhall Feldkamp Solenne Aldermoor Trevanion"
)
COMPANY_TAILS = _words(
    "Logistics Systems Foods Energy Medical Trading Textiles Instruments Packaging Analytics Software Components "
    "Freight Interiors Engineering Supplies Optics Robotics"
)
COMPANY_FORMS = {
    "DE": ("GmbH", "AG", "GmbH & Co. KG"),
    "GB": ("Ltd", "plc", "LLP"),
    "FR": ("SARL", "SAS", "SA"),
    "SE": ("AB",),
    "US": ("Inc.", "LLC", "Corp."),
}
ADJECTIVES = _words(
    "Compact Classic Folding Wireless Insulated Adjustable Stainless Recycled Portable Heavy-Duty Slim Waterproof "
    "Oak Ash Tin Red Blue Grey Soft Flat Round Small Wool Brass Cotton Ceramic"
)
PRODUCTS = _words(
    "Desk_Lamp Water_Bottle Office_Chair Backpack Keyboard Coffee_Grinder Rain_Jacket Toolbox Cutting_Board "
    "Extension_Cable Notebook Bluetooth_Speaker Trail_Shoes Monitor_Arm Storage_Box Tent Bike_Light Travel_Mug "
    "Bowl Tray Vase Stool Shelf Bench Cup Pan Jug Rack Hook Clock Scarf Towel Basket Blanket Kettle Pillow"
)
PRODUCT_WORDS = _words("lamp bottle chair pack board cable speaker shoe arm box tent light mug jacket")
ROLES = _words("customer viewer editor member manager support")
TOPICS = _words(
    "delivery invoice return address warranty account shipment payment renewal upgrade inventory schedule quote "
    "contract training audit import export migration rollout"
)
NOTES = (
    "Please call before delivery.",
    "Leave with the neighbour if nobody is in.",
    "Customer asked for a copy of the invoice.",
    "Second delivery attempt agreed for Thursday.",
    "Replacement sent, the damaged unit comes back.",
    "Checked with the warehouse, back in stock next week.",
    "Ring the bell at the side entrance.",
    "Discount agreed by phone.",
    "Paid by bank transfer, waiting for the confirmation.",
    "Address corrected after a call from the carrier.",
    "Needs the purchase order number on the invoice.",
    "Partial shipment, the rest follows.",
)
