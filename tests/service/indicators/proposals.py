"""Targets and indicators as editors write them, and what is asked of the desk about them."""

from typing import Any

MDG = "un/framework/mdg-2008"


def indicator(**changed: Any) -> dict[str, Any]:
    """An indicator that every rule takes; None leaves a field out."""
    fields: dict[str, Any] = {
        "framework": MDG,
        "targets": ["un/target/mdg-2008.1.a"],
        "number": "1.1a",
        "title": {"en": "Women without income of their own", "es": "Mujeres sin ingresos propios"},
        "definition": {"en": "Women aged 15 and over who receive no income of their own and do not study."},
        "unit": "PT",
        "method": {"en": "Household surveys; share of all women of that age."},
        "disaggregation": ["AGE", "URBANISATION"],
        "series": ["SI_OWN_INC"],
        "themes": ["gender-equality"],
        "groups": ["vulnerable-women"],
        "status": "proposed",
        "audience": "network",
    }
    return {name: value for name, value in (fields | changed).items() if value is not None}


def target(**changed: Any) -> dict[str, Any]:
    """A target that every rule takes; None leaves a field out."""
    fields: dict[str, Any] = {
        "framework": MDG,
        "goal": "un/goal/mdg-2008.1",
        "number": "1.D",
        "title": {"en": "Halve the share of women without income of their own"},
        "values": [
            {"series": "SI_OWN_INC", "direction": "decrease", "base_year": 2000, "year": 2015, "of_base": "1/2"},
        ],
        "status": "proposed",
        "audience": "network",
    }
    return {name: value for name, value in (fields | changed).items() if value is not None}
