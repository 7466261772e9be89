import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { BridgeError } from "../bridge";
import { FAKE_HELLO, FakeBridge } from "../bridge/fake-bridge";
import { MicrophoneTap } from "../telemetry/microphone-tap";
import { VoiceActivity } from "../telemetry/voice-activity";
import { Call } from "./call";
import { FakePlayer } from "./fake-room";
import { Microphones } from "./microphones";
import { JOIN_DEADLINE_MS } from "./room-watch";
import { SessionStore } from "./store";

let store: SessionStore;
let bridge: FakeBridge;
let player: FakePlayer;
let call: Call;
let marks: string[];

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  store = new SessionStore();
  store.send({ type: "hello" });
  store.send({ type: "avatar-ready", then: "connecting" });
  bridge = new FakeBridge();
  player = new FakePlayer();
  marks = [];
  const tap = new MicrophoneTap(new VoiceActivity());
  vi.spyOn(tap, "attach").mockImplementation(() => undefined);
  call = new Call({
    store,
    bridge,
    player,
    microphones: new Microphones(store, bridge, tap, { enumerateDevices: () => Promise.resolve([]) }),
    mark: (name) => marks.push(name),
    onPeople: () => undefined,
    random: () => 0.5,
  });
});

afterEach(async () => {
  await call.close();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

async function settle(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

describe("connecting", () => {
  test("uses the connection of the program, goes live and publishes the microphone", async () => {
    await call.open();
    await settle();
    expect(player.connects).toEqual([{ url: "ws://127.0.0.1:7880", token: "token-1", roomName: "room" }]);
    expect(store.phase.value).toBe("live");
    expect(store.microphone.value).toEqual({ status: "open", label: "Desk microphone" });
    expect(marks).toEqual(["connected", "mic_published"]);
  });

  test("plays a demo's recording only when the agent listens", async () => {
    store.program.value = { ...FAKE_HELLO, demo: true };
    await call.open();
    await settle(JOIN_DEADLINE_MS / 2);
    expect(marks).toEqual(["connected"]);
    player.room?.join("agent", { "lk.agent.state": "listening" });
    await settle();
    expect(marks).toEqual(["connected", "mic_published"]);
  });

  test("is tried again with a fresh token each time", async () => {
    player.failures = [new Error("unreachable"), new Error("unreachable")];
    const opened = call.open();
    await settle(2000);
    await opened;
    expect(player.connects.map(({ token }) => token)).toEqual(["token-1", "token-2", "token-3"]);
    expect(store.phase.value).toBe("live");
  });

  test("is given up at once when trying again cannot help, and says why", async () => {
    bridge.answers["connection.get"] = () => {
      throw new BridgeError({ code: "bad_credentials", message: "The key was refused", hint: "Check it.", retryable: false });
    };
    await call.open();
    expect(store.phase.value).toBe("failed");
    expect(store.problem.value).toMatchObject({ code: "bad_credentials", message: "The key was refused.", blocking: true });
    expect(bridge.sent("connection.get")).toHaveLength(1);
  });

  test("is given up after four tries", async () => {
    player.failures = Array.from({ length: 9 }, () => new Error("unreachable"));
    const opened = call.open();
    await settle(60_000);
    await opened;
    expect(player.connects).toHaveLength(4);
    expect(store.phase.value).toBe("failed");
  });

  test("does not wait for its pause when the stack comes back", async () => {
    player.failures = [new Error("1"), new Error("2"), new Error("3")];
    const opened = call.open();
    await settle(500 + 1000);
    expect(player.connects).toHaveLength(3);
    call.hurry();
    await settle();
    await opened;
    expect(player.connects).toHaveLength(4);
    expect(store.phase.value).toBe("live");
  });

  test("that is ended meanwhile leaves the room it still got into", async () => {
    let connected: () => void = () => undefined;
    vi.spyOn(player, "connect").mockImplementation(() => {
      player.room = player.nextRoom();
      return new Promise((resolve) => (connected = resolve));
    });
    const opened = call.open();
    await settle();
    store.send({ type: "end" });
    const closed = call.close();
    connected();
    await Promise.all([opened, closed]);
    expect(player.room).toBeNull();
    expect(store.phase.value).toBe("ended");
  });
});

describe("a lost connection", () => {
  beforeEach(async () => {
    await call.open();
    await settle();
  });

  test("is made anew with a fresh token and the microphone", async () => {
    player.lose();
    expect(store.phase.value).toBe("reconnecting");
    expect(store.microphone.value.status).toBe("closed");
    await settle(600);
    expect(player.connects.at(-1)?.token).toBe("token-2");
    expect(store.phase.value).toBe("live");
    expect(store.microphone.value.status).toBe("open");
  });

  test("counts its tries where the user can see them", async () => {
    player.failures = [new Error("down"), new Error("down")];
    player.lose();
    await settle(500 + 500 + 100);
    expect(store.reconnectAttempt.value).toBeGreaterThanOrEqual(2);
    await settle(5000);
    expect(store.phase.value).toBe("live");
    expect(store.reconnectAttempt.value).toBe(0);
  });

  test("that the library resumes by itself is shown and costs no new token", () => {
    player.emit("connection-state-changed", "reconnecting");
    expect(store.phase.value).toBe("reconnecting");
    player.emit("connection-state-changed", "connected");
    expect(store.phase.value).toBe("live");
    expect(player.connects).toHaveLength(1);
  });

  test("because the visitor is somewhere else too is not fought over", async () => {
    player.lose("duplicate_identity");
    await settle(60_000);
    expect(player.connects).toHaveLength(1);
    expect(store.phase.value).toBe("failed");
    expect(store.problem.value?.code).toBe("removed");
  });

  test("because the agent closed the room ends the conversation", async () => {
    player.lose("room_deleted");
    await settle(60_000);
    expect(store.phase.value).toBe("ended");
    expect(store.problem.value).toBeNull();
  });

  test("that the program asks to renew gets a new connection", async () => {
    const renewed = call.renew();
    await settle(600);
    await renewed;
    expect(player.connects.map(({ token }) => token)).toEqual(["token-1", "token-2"]);
    expect(store.phase.value).toBe("live");
  });
});

describe("a stalled avatar", () => {
  beforeEach(async () => {
    await call.open();
    await settle();
  });

  test("is cured by a new connection, and the user is told", async () => {
    player.emit("stalled");
    await settle(600);
    expect(player.connects).toHaveLength(2);
    expect(store.phase.value).toBe("live");
    expect(store.notices.value.map((notice) => notice.text).join()).toContain("Connecting again");
  });

  test("that stalls again at once is not reconnected over and over", async () => {
    player.emit("stalled");
    await settle(600);
    player.emit("stalled");
    await settle(600);
    expect(player.connects).toHaveLength(2);
  });
});

describe("the people in the room", () => {
  beforeEach(async () => {
    await call.open();
    await settle();
  });

  test("the missing agent is named after thirty seconds, and withdrawn when it comes", async () => {
    await settle(JOIN_DEADLINE_MS);
    expect(store.problem.value).toMatchObject({ code: "agent_missing", remedy: "restart-agent", blocking: false });
    player.room?.join("agent", { "lk.agent.state": "listening" }, true);
    expect(store.problem.value).toBeNull();
    expect(store.state.value).toBe("listening");
  });

  test("the missing avatar is named when the agent is there", async () => {
    player.room?.join("agent", { "lk.agent.state": "listening" }, true);
    await settle(JOIN_DEADLINE_MS);
    expect(store.problem.value?.code).toBe("avatar_missing");
    player.room?.join("avatar", { "lk.publish_on_behalf": "agent" }, true);
    expect(store.problem.value).toBeNull();
  });

  test("an agent that leaves is waited for again", async () => {
    player.room?.join("agent", { "lk.agent.state": "speaking" }, true);
    expect(store.state.value).toBe("speaking");
    player.room?.leave("agent");
    expect(store.state.value).toBe("waiting");
    await settle(JOIN_DEADLINE_MS);
    expect(store.problem.value?.code).toBe("agent_missing");
  });
});

test("sound that the browser holds back gets a button, and pressing it takes the problem away", async () => {
  await call.open();
  await settle();
  const { room } = player;
  if (room) room.canPlaybackAudio = false;
  room?.raise("audioPlaybackChanged");
  expect(store.problem.value).toMatchObject({ code: "audio_blocked", remedy: "unlock-audio" });
  await call.unlockAudio();
  expect(store.problem.value).toBeNull();
});

test("typed text goes to the room as chat, and is refused without one", async () => {
  await expect(call.sendChat("hello")).rejects.toMatchObject({ code: "not_connected" });
  await call.open();
  await call.sendChat("hello");
  expect(player.room?.chats).toEqual(["lk.chat: hello"]);
});

test("what an agent says while the page still joins is not missed", async () => {
  const room = player.nextRoom();
  vi.spyOn(player, "connect").mockImplementation(async () => {
    player.room = room;
    player.emit("connection-state-changed", "connecting");
    room.stream("agent", ["Welcome."], { "lk.segment_id": "s" });
    await Promise.resolve();
  });
  await call.open();
  await settle();
  expect(store.captions.value).toMatchObject([{ text: "Welcome.", speaker: "avatar", final: true }]);
});
