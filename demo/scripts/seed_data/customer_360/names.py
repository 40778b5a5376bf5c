"""First and last names by country, with the letters and commas that exports stumble over."""

from __future__ import annotations

import unicodedata

NAMES = {
    "DE": (
        ["Anna", "Jürgen", "Lena", "Max", "Sabine", "Zoë", "Emre", "Käthe", "Jonas", "Mia"],
        ["Müller", "Schäfer", "Weiß", "Çetin", "von der Heide", "Groß", "Köhler", "Brandt", "Vogel", "Lang"],
    ),
    "FR": (
        ["Amélie", "François", "Chloé", "Noël", "Inès", "Luc", "Maëlle", "Théo", "Hélène", "Karim"],
        ["Lefèvre", "d'Arcy", "Moreau", "Benoît", "Saint-Just", "Faure", "Çelik", "Girard", "Petit", "Roux"],
    ),
    "GB": (
        ["Niamh", "Oliver", "Zoë", "Priya", "Harry", "Siân", "Amara", "George", "Isla", "Tom"],
        [
            "O'Brien",
            "Smith",
            "Patel",
            "Okafor",
            "Wright, PhD",
            "Fitz-Gerald",
            "Evans",
            "Hughes",
            "Ward",
            "Khan",
        ],
    ),
    "PL": (
        ["Łukasz", "Agnieszka", "Paweł", "Zofia", "Michał", "Ewa", "Stanisław", "Małgorzata", "Jan", "Róża"],
        ["Nowak", "Wiśniewski", "Żak", "Dąbrowska", "Król", "Wójcik", "Śliwa", "Zając", "Lis", "Mazur"],
    ),
    "US": (
        ["Ava", "José", "Ethan", "Renée", "Marcus", "Grace", "Noah", "Soledad", "Wyatt", "Mei"],
        ["Johnson", "Nuñez", "King, Jr.", "McAllister", "Lee", "Garcia", "O'Neil", "Brooks", "Ng", "Reyes"],
    ),
    "CH": (
        ["Reto", "Urs", "Chiara", "Beat", "Léonie", "Gian", "Ursina", "Flurin", "Nora", "Ruedi"],
        ["Zürcher", "Favre", "Bühler", "Rossi", "Caduff", "Meier", "Aebi", "Bernasconi", "Egli", "Schmid"],
    ),
}
_UNDECOMPOSED = str.maketrans({"ł": "l", "ß": "ss"})


def ascii_letters(name: str) -> str:
    """The letters of a name as they stand in an address: ``O'Brien`` is ``obrien``."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(_UNDECOMPOSED))
    return "".join(letter for letter in plain if "a" <= letter <= "z")
