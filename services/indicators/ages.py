"""Ages in words: the code of an age, such as Y15T49 or Y_GE65, says it all, so its names are made from it."""

import re
from collections.abc import Mapping
from typing import Final

Names = Mapping[str, str]
_code = re.compile(r"(?P<unit>[YM])((?P<first>[0-9]+)(T(?P<last>[0-9]+))?|_GE(?P<least>[0-9]+))")

_SPAN: Final[Mapping[str, Names]] = {
    "Y": {
        "en": "{first}–{last} years",
        "ar": "من {first} إلى {last} سنة",
        "zh": "{first}–{last}岁",
        "fr": "{first} à {last} ans",
        "ru": "в возрасте {first}–{last} лет",
        "es": "{first} a {last} años",
    },
    "M": {
        "en": "{first}–{last} months",
        "ar": "من {first} إلى {last} شهرا",
        "zh": "{first}–{last}个月",
        "fr": "{first} à {last} mois",
        "ru": "в возрасте {first}–{last} месяцев",
        "es": "{first} a {last} meses",
    },
}
_LEAST: Final[Names] = {
    "en": "{least} years and over",
    "ar": "{least} سنة فأكثر",
    "zh": "{least}岁及以上",
    "fr": "{least} ans et plus",
    "ru": "в возрасте {least} лет и старше",
    "es": "{least} años o más",
}
_NOT_YET_ONE: Final[Mapping[str, Names]] = {
    "Y": {
        "en": "Under 1 year",
        "ar": "أقل من سنة واحدة",
        "zh": "1岁以下",
        "fr": "Moins de 1 an",
        "ru": "до 1 года",
        "es": "Menos de 1 año",
    },
    "M": {
        "en": "Under 1 month",
        "ar": "أقل من شهر واحد",
        "zh": "不满1个月",
        "fr": "Moins de 1 mois",
        "ru": "до 1 месяца",
        "es": "Menos de 1 mes",
    },
}


def names(code: str) -> dict[str, str]:
    """What an age is called in the six languages; nothing where the code says no span, no least age and no first year."""
    found = _code.fullmatch(code)
    if found is None:
        return {}
    if found["least"]:
        forms: Names = _LEAST if found["unit"] == "Y" else {}
    elif found["last"]:
        forms = _SPAN[found["unit"]]
    else:
        forms = _NOT_YET_ONE[found["unit"]] if found["first"] == "0" else {}
    return {language: form.format(**found.groupdict()) for language, form in forms.items()}
