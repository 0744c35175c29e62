"""Each language finds its own words in the forms that people type."""

import pytest

from services.search.engine import analysis
from services.search.engine.interface import Filters

FORMS = [
    ("ar", "الحماية الاجتماعية للنساء", "اجتماعي"),
    ("ar", "معدلات الفقر", "والفقر"),
    ("ar", "المعلمون في المدارس", "المعلمين"),
    ("ar", "إدماج الأشخاص", "ادماج الاشخاص"),
    ("ar", "التَّعْلِيم الجامعـــي", "التعليم الجامعي"),
    ("ar", "مستشفى المدينة", "مستشفي المدينه"),
    ("ar", "الحماية االجتماعية", "الاجتماعية"),
    ("ar", "ﺍﻟﺼﺤﺔ ﻭﺍﻷﻃﻔﺎﻝ", "أطفال"),
    ("zh", "促进性别平等与健康", "性别"),
    ("zh", "农村妇女的就业", "妇女"),
    ("zh", "空气污染", "空气污染如何影响"),
    ("zh", "税 改革", "税"),
    ("en", "Policies for rural women", "policy"),
    ("en", "Policies for rural women", "woman"),
    ("en", "Educating girls", "education"),
    ("fr", "Les filets sociaux et l'éducation", "filet social"),
    ("fr", "Les filets sociaux et l'éducation", "educations"),
    ("fr", "Violences envers les femmes", "violence"),
    ("fr", "Main-d'œuvre féminine", "oeuvre"),
    ("ru", "Занятость молодёжи", "молодежь"),
    ("ru", "Бедность сельских жителей", "бедностью"),
    ("ru", "Доступ к питьевой воде", "вода"),
    ("es", "La inclusión de los jóvenes", "joven"),
    ("es", "La salud de las mujeres", "mujer"),
    ("es", "La salud de la mujer", "mujeres"),
    ("es", "La educación de las niñas", "educaciones"),
    ("es", "La educación de las niñas", "educacion"),
    ("es", "Trabajadores infantiles", "trabajadoras"),
    ("pt-BR", "A educação das crianças", "educacao"),
    ("hi", "गरीबी और शिक्षा", "शिक्षा"),
    ("th", "การศึกษา", "ศึกษา"),
]


@pytest.mark.parametrize(("language", "written", "typed"), FORMS)
def test_a_document_is_found_by_another_form_of_its_words(engine, document, ask, ids, language, written, typed):
    engine.write([document(written, language, id="it"), document("Другое 另外 autre آخر other", language, id="not-it")])
    assert ids(ask(engine, typed)) == ["it"]


@pytest.mark.parametrize(("language", "written", "typed"), FORMS)
def test_a_regional_tag_and_a_filter_on_its_language_change_nothing(
    engine, document, ask, ids, language, written, typed
):
    tag = language if "-" in language else f"{language}-XX"
    engine.write([document(written, tag, id="it")])
    assert ids(ask(engine, typed, filters=Filters(language=(language,)))) == ["it"]


@pytest.mark.parametrize(
    "text", ["how do they", "comment les", "¿Cómo se?", "как это", "كيف من", "的", "!!! ...", '""', "«»", "-", "\u200b"]
)
def test_words_that_say_nothing_find_nothing(engine, document, ask, text):
    engine.write([document("Poverty", "en"), document("Pobreza", "es"), document("Бедность", "ru")])
    assert ask(engine, text).total == 0


def test_a_word_in_the_title_outweighs_the_same_word_in_description_and_text(engine, document, ask, ids):
    filler = "of many other things entirely"
    engine.write(
        [
            document(filler, text="pensions", description=filler, id="text"),
            document(filler, text=filler, description="pensions", id="description"),
            document("pensions", text=filler, description=filler, id="title"),
        ]
    )
    assert ids(ask(engine, "pension")) == ["title", "description", "text"]


def test_emoji_format_characters_and_endless_words_do_not_hide_a_word(engine, document, ask, ids):
    engine.write([document("health\U0001f600 so\u00adcial \u202eright " + "x" * 100_000, id="it")])
    for typed in ("health", "social", "right", "x" * 400):
        assert ids(ask(engine, typed)) == ["it"], typed


def test_the_short_i_stays_a_letter_of_its_own():
    assert analysis.fold("ЙОД Ё".lower()) == "йод е"
