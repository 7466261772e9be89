"""The subscriber connection's offers: one at a time, with m-lines that are reused but never reordered."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiortc.rtcdtlstransport import RTCCertificate
from livekit.protocol import models, rtc

from avatardesk.room import RoomLimits, sdp
from avatardesk.room.forwarding import PublishedTrack
from avatardesk.room.ice import IceSocket
from avatardesk.room.subscriber import Subscriber

CLIENT = sdp.Local("theirs", "password", "AA:BB", "127.0.0.1", 9, 262_144)


class Client:
    """What a client sees of its subscriber connection, and its answers."""

    def __init__(self) -> None:
        self.offers: list[rtc.SessionDescription] = []
        self.told: list[str] = []
        self.subscriber = Subscriber(
            IceSocket(),
            RTCCertificate.generateCertificate(),
            RoomLimits(),
            send_offer=self.offers.append,
            on_connected=lambda: None,
            on_subscribed=self.told.append,
        )

    def answer(self, number: int | None = None) -> None:
        offer = self.offers[-1 if number is None else number]
        text = sdp.answer(sdp.parse(offer.sdp), CLIENT, accept=set())
        self.subscriber.answered(rtc.SessionDescription(type="answer", sdp=text, id=offer.id))

    def lines(self) -> list[tuple[str, str, str]]:
        """Mid, direction and track of each media section of the last offer."""
        media = sdp.parse(self.offers[-1].sdp).media[1:]
        return [(found.mid, found.direction, found.track_id) for found in media]


def track(sid: str, kind: str = "audio") -> PublishedTrack:
    return PublishedTrack(
        models.TrackInfo(sid=sid), sid, sdp.Media(kind, 9), payload_type=111, send_rtcp=lambda data: None
    )


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Client]:
    made = Client()
    yield made
    await made.subscriber.close()


async def test_changes_during_an_offer_wait_for_its_answer(client: Client) -> None:
    client.subscriber.negotiate()
    for number in range(3):
        client.subscriber.add(track(f"TR_{number}"), "PA_1")
        client.subscriber.negotiate()
    assert len(client.offers) == 1
    client.answer()
    assert [offer.id for offer in client.offers] == [1, 2]
    assert [sid for _, _, sid in client.lines()] == ["TR_0", "TR_1", "TR_2"]
    client.answer()
    assert len(client.offers) == 2
    assert client.told == ["TR_0", "TR_1", "TR_2"]


async def test_a_slot_is_reused_only_after_the_client_knows_that_it_is_empty(client: Client) -> None:
    sound = track("TR_1")
    client.subscriber.add(sound, "PA_1")
    client.subscriber.negotiate()
    client.subscriber.remove("TR_1")
    client.subscriber.add(sound, "PA_1")
    client.subscriber.negotiate()
    client.answer()
    assert client.lines() == [("1", "inactive", ""), ("2", "sendonly", "TR_1")]
    client.answer()
    client.subscriber.add(track("TR_2"), "PA_1")
    client.subscriber.add(track("TR_3", "video"), "PA_1")
    client.subscriber.negotiate()
    assert client.lines() == [("1", "sendonly", "TR_2"), ("2", "sendonly", "TR_1"), ("3", "sendonly", "TR_3")]


async def test_a_track_that_comes_and_goes_gets_another_slot_but_the_offer_stays_bounded(
    client: Client,
) -> None:
    sound = track("TR_1")
    used = set()
    for _ in range(40):
        client.subscriber.add(sound, "PA_1")
        client.subscriber.negotiate()
        client.answer()
        used.add(next(mid for mid, _, sid in client.lines() if sid == "TR_1"))
        client.subscriber.remove("TR_1")
        client.subscriber.negotiate()
        client.answer()
    assert {"1", "2"} <= used
    assert len(client.lines()) <= 17


async def test_the_answer_to_an_offer_of_the_past_is_ignored(client: Client) -> None:
    client.subscriber.negotiate()
    client.subscriber.add(track("TR_1"), "PA_1")
    client.subscriber.restart()
    client.answer(0)
    client.subscriber.negotiate()
    assert len(client.offers) == 2, "the second offer is still unanswered"


async def test_a_restart_offers_again_with_new_credentials(client: Client) -> None:
    client.subscriber.negotiate()
    client.answer()
    client.subscriber.restart()
    first, second = (sdp.parse(offer.sdp) for offer in client.offers)
    assert first.ufrag != second.ufrag
    assert first.fingerprints == second.fingerprints


async def test_a_malformed_answer_leaves_the_offer_open(client: Client) -> None:
    client.subscriber.negotiate()
    with pytest.raises(sdp.SdpError):
        client.subscriber.answered(rtc.SessionDescription(sdp="nonsense", id=1))
    client.answer()
    client.subscriber.negotiate()
    assert len(client.offers) == 2


async def test_ending_a_subscription_ends_its_forwarding(client: Client) -> None:
    sound = track("TR_1")
    client.subscriber.add(sound, "PA_1")
    client.subscriber.add(sound, "PA_1")
    assert len(sound.forwarders) == 1
    assert client.subscriber.remove("TR_1")
    assert not client.subscriber.remove("TR_1")
    assert sound.forwarders == []
