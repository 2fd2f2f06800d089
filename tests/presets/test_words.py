"""The emergency words of every preset: loaded once, an admin's changes kept, and good for what people write."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from contactcenter.presets.actions import load
from contactcenter.presets.files import preset_names, read_preset
from policies.models import LinkDomain, ProfanityWord, ScreeningWord
from policies.phrases import fault_of, fault_of_domain, fault_of_profanity
from policies.screening import ProfanityList, WordList
from policies.words import forget_words, link_domains, profanity_list, word_list

NOW = datetime(2026, 11, 24, 17, tzinfo=UTC)
SHIPPED = read_preset("dufferin").words
PROFANITY = read_preset("dufferin").profanity
PROFANE = ProfanityList((word.kind, word.phrase) for word in PROFANITY)
LIST = WordList((word.kind, word.phrase) for word in SHIPPED)

pytestmark = pytest.mark.rule("EM-911")


def loaded(name: str = "dufferin", *, reset: bool = False) -> None:
    load(read_preset(name), reset=reset, at=NOW)
    forget_words()


def rows() -> set[tuple[str, str, str]]:
    return set(ScreeningWord.objects.values_list("language", "kind", "phrase"))


# What is shipped ------------------------------------------------------------------
def test_every_language_of_the_house_has_words_of_every_kind():
    counted = Counter((word.language, word.kind) for word in SHIPPED)
    assert set(counted) == {(code, kind) for code in ("en", "es", "fr") for kind in ScreeningWord.Kind.values}
    assert min(counted.values()) >= 15
    assert all(counted[code, "life"] >= 60 for code in ("en", "es", "fr"))


def test_every_word_is_one_that_an_admin_could_have_listed():
    rows = [(word.kind, word.phrase) for word in SHIPPED]
    assert [(word.phrase, fault) for word in SHIPPED if (fault := fault_of(word.kind, word.phrase, rows))] == []
    keys = [(word.language, word.kind, word.phrase.lower()) for word in SHIPPED]
    assert [key for key, count in Counter(keys).items() if count > 1] == []
    assert max(len(word.phrase) for word in SHIPPED) <= 100


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Help! There's a fire at my house!!", ("life",)),
        ("my husband isn’t breathing", ("life",)),
        ("I think he is having a heart attack", ("life",)),
        ("we SMELL GAS in the hallway", ("life",)),
        ("shots fired on Oak Street", ("life",)),
        ("she took an overdose", ("life",)),
        ("A child is drowning in the pond", ("life",)),
        ("I want to kill myself.", ("life",)),
        ("Burst water main on 3rd, street is flooded", ("city",)),
        ("the sewage is backing up into our basement", ("city",)),
        ("traffic light out at Main and 2nd", ("city",)),
        ("There is a downed tree on road 7", ("city",)),
        ("a power line down, sparks everywhere", ("city",)),
        ("I have a noise complaint about my neighbour", ("non_emergency",)),
        ("there is an abandoned car on our street", ("non_emergency",)),
        ("Someone stole my bike", ("non_emergency",)),
        ("our garage was broken into last week", ("non_emergency",)),
        ("¡Hay un incendio en mi edificio!", ("life",)),
        ("mi mama NO RESPIRA", ("life",)),
        ("huele a gas", ("life",)),
        ("la calle está inundada y el semáforo no funciona", ("city",)),
        ("me robaron la bicicleta ayer", ("non_emergency",)),
        ("Ma maison brule", ("life",)),
        ("Mon père fait une crise cardiaque, il ne respire plus", ("life",)),
        ("L’égout refoule dans la cave", ("city",)),
        ("un arbre est tombé sur la rue", ("city",)),
        ("on a volé mon vélo", ("non_emergency",)),
    ],
)
def test_an_emergency_is_noticed_as_people_write_it(text, kinds):
    assert LIST.find(text) == kinds


@pytest.mark.parametrize(
    "text",
    [
        "When is the fire department open for visits?",
        "There is a fire hydrant in front of my driveway",
        "How do I get a copy of a police report?",
        "I would like to join the fire station's open day",
        "What does the ambulance service cost?",
        "Is there a fire pit permit?",
        "Do I live in a flood zone, and do I need flood insurance?",
        "When is my bin collected?",
        "My water bill is too high",
        "The playground needs a new swing",
        "¿Dónde está la estación de bomberos?",
        "Necesito un reporte policial",
        "La bomba de agua hace ruido",
        "Où est la caserne de pompiers ?",
        "Je voudrais un rapport de police",
        "L'enlèvement des ordures, c'est quel jour ?",
        "Tournez à gauche au feu rouge",
    ],
)
def test_the_name_of_a_service_or_an_everyday_question_does_not_trigger(text):
    assert LIST.find(text) == ()


# Loading -------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize("name", preset_names())
def test_every_preset_brings_the_words(settings, name):
    settings.DEMO, settings.DEMO_PASSWORD = True, "maple leaves in autumn"
    loaded(name)
    assert len(rows()) == len(SHIPPED)
    assert word_list().find("fire at my house") == ("life",)


@pytest.mark.django_db
def test_loading_again_or_another_city_adds_nothing_and_brings_nothing_deleted_back():
    loaded()
    ScreeningWord.objects.filter(kind="life", phrase="explosion", language="en").delete()
    ScreeningWord.objects.get(kind="life", phrase="gas leak").delete()
    changed = ScreeningWord.objects.get(phrase="noise complaint")
    changed.phrase, changed.kind = "Complaint about noise", "city"
    changed.save()
    before = rows()
    loaded()
    loaded("pickering")
    assert rows() == before
    assert len(before) == len(SHIPPED) - 2


@pytest.mark.django_db
def test_reset_has_every_word_of_the_file_again_and_keeps_an_admins_own():
    loaded()
    whole = rows()
    ScreeningWord.objects.get(kind="life", phrase="gas leak").delete()
    changed = ScreeningWord.objects.get(phrase="noise complaint")
    changed.kind = "city"
    changed.save()
    ScreeningWord.objects.create(language="en", kind="life", phrase="the dam broke")
    loaded(reset=True)
    assert rows() == {*whole, ("en", "life", "the dam broke")}


@pytest.mark.django_db
def test_an_admins_own_service_keeps_a_word_of_the_file_away_until_reset():
    ScreeningWord.objects.create(language="en", kind="service", phrase="Gas leak")
    loaded()
    assert ("en", "life", "gas leak") not in rows()
    assert word_list().find("gas leak") == ()
    loaded(reset=True)
    assert ("en", "service", "Gas leak") not in rows()
    assert word_list().find("gas leak") == ("life",)


@pytest.mark.django_db
def test_the_history_knows_that_a_preset_brought_a_word():
    loaded()
    row = ScreeningWord.objects.get(phrase="gas leak")
    assert [(each.history_type, each.history_date, each.history_user) for each in row.history.all()] == [
        ("+", NOW, None)
    ]


# Profane words, and domains for links --------------------------------------------------
@pytest.mark.rule("EM-COM-C")
def test_every_profane_word_is_one_that_an_admin_could_have_listed():
    listed = [(word.kind, word.phrase) for word in PROFANITY]
    faults = [(word.phrase, fault_of_profanity(word.kind, word.phrase, listed)) for word in PROFANITY]
    assert [pair for pair in faults if pair[1]] == []
    keys = [(word.language, word.kind, word.phrase.lower()) for word in PROFANITY]
    assert [key for key, count in Counter(keys).items() if count > 1] == []
    assert {(word.language, word.kind) for word in PROFANITY} == {
        (code, kind) for code in ("en", "es", "fr") for kind in ProfanityWord.Kind.values
    }


@pytest.mark.rule("EM-COM-C")
@pytest.mark.parametrize(
    "text",
    [
        "Please put a cono de tráfico on the Calle Pinche, con cuidado",
        "Dick Smith was bitten by a dog on Whore Creek trail; the assessment class passes",
        "The house at the end of the cul-de-sac on Prick Road, Scunthorpe",
        "Dominique habite près de la côte, un cocktail, circulation, calculer",
        "Bonjour, une disputé; l'ostéopathe; the classic association in Sussex; a cockpit, a titmouse",
    ],
)
def test_everyday_words_names_and_places_are_not_profane(text):
    assert PROFANE.find(text) == ()


@pytest.mark.rule("EM-COM-C")
@pytest.mark.parametrize("text", ["Fucking HELL", "eso es una mierda", "PUTAIN, encore", "jodete"])
def test_a_profane_word_is_found_in_three_languages(text):
    assert PROFANE.find(text) == ("profanity",)


@pytest.mark.django_db
@pytest.mark.rule("EM-COM-C")
@pytest.mark.rule("EM-LINK")
def test_the_demo_brings_profane_words_and_its_own_domain_and_nothing_deleted_comes_back(settings):
    settings.DEMO, settings.DEMO_PASSWORD = True, "maple leaves in autumn"
    loaded("demo")
    assert profanity_list().find("shit") == ("profanity",)
    assert link_domains() == {"maplebrook.example"}
    assert [fault_of_domain(domain) for domain in link_domains()] == [""]
    ProfanityWord.objects.get(phrase="shit").delete()
    LinkDomain.objects.all().delete()
    loaded("demo")
    assert profanity_list().find("shit") == ()
    assert link_domains() == frozenset()
    loaded("demo", reset=True)
    assert profanity_list().find("shit") == ("profanity",)
    assert link_domains() == {"maplebrook.example"}
