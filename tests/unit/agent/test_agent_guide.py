from __future__ import annotations

from datetime import datetime

import pytest

from avatardesk.agent.guide import Guide, load_knowledge
from avatardesk.agent.guide.domain import spoken_questions
from avatardesk.agent.guide.knowledge import parse_knowledge
from avatardesk.agent.guide.phrases import expand
from avatardesk.agent.guide.skills import calendar_day, clock, name_given, read_number, work_out
from avatardesk.agent.guide.sounds import likeness
from avatardesk.errors import InputError


@pytest.fixture(scope="module")
def guide() -> Guide:
    return Guide(now=lambda: datetime(2027, 3, 3, 16, 5))


@pytest.mark.parametrize(
    ("asked", "topic"),
    [
        ("What is AvatarDesk?", "what"),
        ("could you explain how it all works", "how"),
        ("how can your lips move like that", "lipsync"),
        ("do you keep what I say", "privacy"),
        ("does this work without the internet", "offline"),
        ("tell me about LiveKit", "livekit"),
        ("What is SpatialReal?", "spatialreal"),
        ("can I use my own avatar", "avatars"),
        ("my microphone is not working", "microphone"),
        ("can we use this in a museum", "kiosk"),
        ("is it open source", "open_source"),
        ("how do I connect a language model", "connect_model"),
        ("who are you", "who"),
        ("are you a real person", "robot"),
        ("what can I ask you", "help"),
        ("would you mind telling me what time it is", "time"),
        ("what day is it today", "date"),
        ("will it rain tomorrow", "weather"),
        ("how much is twenty plus five", "sum"),
        ("hello how are you", "how_are_you"),
        ("thank you so much", "thanks"),
        ("good bye", "goodbye"),
    ],
)
def test_a_question_in_ones_own_words_finds_its_topic(guide: Guide, asked: str, topic: str) -> None:
    assert guide.reply([asked]).topic_id == topic


@pytest.mark.parametrize(
    ("heard", "topic"),
    [
        ("what is about her desk", "what"),
        ("count as your mouth moves", "lipsync"),
        ("tell me a job please", "joke"),
        ("are you connected to the new tonight", "offline"),
        ("here are you", "who"),
        ("tell me about life kit", "livekit"),
        ("what is special reel", "spatialreal"),
        ("how do i start the key ask mode", "kiosk"),
        ("do you need an internet connect send", "offline"),
        ("sam do you so much", "thanks"),
    ],
)
def test_what_a_recogniser_mishears_still_finds_the_topic(guide: Guide, heard: str, topic: str) -> None:
    assert guide.reply([heard]).topic_id == topic


@pytest.mark.parametrize(
    "said",
    [
        "my sister bought a green bicycle yesterday",
        "the train to the city leaves at half past nine",
        "he was not an ill disposed young man",
        "turn left at the second traffic light",
        "he forgot his umbrella on the bus",
    ],
)
def test_other_talk_is_read_back_and_not_taken_for_a_topic(guide: Guide, said: str) -> None:
    reply = guide.reply([said])
    assert reply.topic_id == ""
    assert " ".join(said.split()[:14]) in reply.text


def test_unknown_speech_is_answered_differently_each_time(guide: Guide) -> None:
    talk = ["the dog chased a rabbit", "the cat ate a mouse", "the cow saw a horse"]
    replies = {guide.reply(talk[: count + 1]).text.replace(talk[count], "") for count in range(3)}
    assert len(replies) == 3


def test_yes_takes_up_the_offer_and_no_declines_it(guide: Guide) -> None:
    offer = guide.reply(["what is avatar desk"])
    assert offer.text.endswith("Shall I tell you how it works?")
    assert guide.reply(["what is avatar desk", "yes please"]).topic_id == "how"
    assert guide.reply(["what is avatar desk", "no thank you"]).topic_id == "no"


def test_yes_without_an_offer_does_not_invent_one(guide: Guide) -> None:
    assert guide.reply(["what time is it", "yes"]).topic_id == "yes"


def test_tell_me_more_goes_on_until_nothing_is_left(guide: Guide) -> None:
    said = ["tell me about privacy"]
    texts = [guide.reply(said).text]
    for _ in range(2):
        said.append("tell me more about that")
        texts.append(guide.reply(said).text)
    assert texts[1] == load_knowledge().topic("privacy").more[0]
    assert texts[2] in load_knowledge().lines["no_more"]


def test_again_repeats_the_last_answer_word_for_word(guide: Guide) -> None:
    first = guide.reply(["tell me a joke"]).text
    assert guide.reply(["tell me a joke", "can you say that again"]).text == first
    assert guide.reply(["say that again"]).text in load_knowledge().lines["nothing_yet"]


def test_a_second_joke_is_another_one(guide: Guide) -> None:
    assert (
        guide.reply(["tell me a joke"]).text != guide.reply(["tell me a joke", "tell me another joke"]).text
    )


def test_a_name_is_remembered_within_the_conversation_only(guide: Guide) -> None:
    assert "Clara" in guide.reply(["my name is clara"]).text
    assert "Clara" in guide.reply(["my name is clara", "what is my name"]).text
    assert "Peter" in guide.reply(["hello", "I'm Peter"]).text
    assert "haven't told me" in guide.reply(["what is my name"]).text


def test_time_and_date_come_from_the_clock(guide: Guide) -> None:
    assert guide.reply(["what time is it"]).text == "It's four oh five in the afternoon."
    assert guide.reply(["what day is it"]).text == "Today is Wednesday, the 3rd of March 2027."


def test_the_reply_depends_on_nothing_but_the_conversation(guide: Guide) -> None:
    talk = ["hello", "tell me a joke", "another joke", "what is avatar desk", "yes"]
    first = [guide.reply(talk[: n + 1]) for n in range(len(talk))]
    assert [guide.reply(talk[: n + 1]) for n in range(len(talk))] == first


def test_silence_and_empty_text_ask_for_a_repetition(guide: Guide) -> None:
    assert guide.reply([]).text in load_knowledge().lines["unheard"]
    assert guide.reply(["..."]).text in load_knowledge().lines["unheard"]


def test_braces_and_very_long_talk_do_no_harm(guide: Guide) -> None:
    reply = guide.reply(["{heard} {0} zebra " + "banana " * 5000])
    assert "banana" in reply.text
    assert len(reply.text) < 400


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("what is seven times eight", "seven times eight is fifty six"),
        ("12 * 12", "twelve times twelve is one hundred forty four"),
        ("how much is one hundred and five minus six", "one hundred five minus six is ninety nine"),
        ("twenty divided by six", "twenty divided by six is three, and two left over"),
        ("five divided by zero", "nobody can divide by zero, not even me"),
        ("what is three minus ten", "three minus ten is minus seven"),
        ("two times", None),
        ("once upon a time", None),
    ],
)
def test_sums_are_worked_out(text: str, result: str | None) -> None:
    assert work_out(text) == result


def test_numbers_in_words_are_read() -> None:
    assert read_number(["two", "hundred", "and", "seven"]) == 207
    assert read_number(["three", "thousand", "forty", "two"]) == 3042
    assert read_number(["seven", "bananas"]) is None


def test_the_clock_is_said_as_people_do() -> None:
    at = lambda hour, minute: clock(datetime(2027, 1, 1, hour, minute))  # noqa: E731
    assert at(0, 0) == "twelve o'clock in the morning"
    assert at(9, 15) == "a quarter past nine in the morning"
    assert at(12, 45) == "a quarter to one"
    assert at(21, 30) == "half past nine in the evening"
    assert calendar_day(datetime(2027, 8, 12)) == "Thursday, the 12th of August 2027"


def test_words_that_follow_i_am_are_not_all_names() -> None:
    assert name_given("my name is anna maria") == "Anna"
    assert name_given("I am tired") is None


def test_phrase_notation_expands_choices_and_options() -> None:
    assert expand("(hi|hello) [there]") == ["hi", "hi there", "hello", "hello there"]
    assert expand("a [(b|c) d]") == ["a", "a b d", "a c d"]
    for wrong in ("(a|b", "a]", "a)"):
        with pytest.raises(InputError):
            expand(wrong)


def test_words_that_sound_alike_are_found_alike() -> None:
    assert likeness("joke", "job") > likeness("joke", "table")
    assert likeness("desk", "desk") == 1.0
    assert likeness("mouth", "mouse") > 0.7
    assert likeness("", "x") == 0.0


def test_every_topic_has_questions_that_lead_to_it(guide: Guide) -> None:
    for topic in load_knowledge().topics:
        question = expand(topic.templates[0])[0].format(number="seven", name="anna")
        found = guide.reply(["what time is it", question])
        assert topic.role or topic.skill or found.topic_id == topic.id, (topic.id, question, found)


def test_the_recogniser_expects_the_guides_questions_without_slots() -> None:
    sentences = {sentence for group in spoken_questions(load_knowledge()) for sentence in group}
    assert "what is avatar desk" in sentences
    assert not any("{" in sentence for sentence in sentences)


@pytest.mark.parametrize(
    "text",
    [
        "not toml [",
        '[[topic]]\nid = "a"\nask = ["x"]',
        '[[topic]]\nid = "a"\nask = ["(x"]\nsay = ["y"]',
        '[[topic]]\nid = "a"\nask = ["x"]\nsay = ["y"]\nyes = "b"',
        '[[topic]]\nid = "a"\nask = ["x"]\nsay = ["y"]\ncolour = "b"',
    ],
)
def test_a_broken_topic_table_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_knowledge(text)
