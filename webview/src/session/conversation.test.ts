import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { BridgeError } from "../bridge";
import { FAKE_HELLO, FAKE_SETTINGS, FakeBridge } from "../bridge/fake-bridge";
import { MicrophoneTap } from "../telemetry/microphone-tap";
import { VoiceActivity } from "../telemetry/voice-activity";
import type { Character } from "./characters";
import { Conversation } from "./conversation";
import { FakeStage } from "./fake-room";
import { Microphones } from "./microphones";
import type { StageRequest } from "./player";
import { SessionStore } from "./store";

const CHARACTERS: readonly Character[] = [
  { id: "nova", name: "Nova" },
  { id: "leo", name: "Leo" },
];

let store: SessionStore;
let bridge: FakeBridge;
let stages: FakeStage[];
let requests: StageRequest[];
let stageFailures: (Error | undefined)[];
let marks: string[];
let reload: ReturnType<typeof vi.fn<() => void>>;
let conversation: Conversation;
const container = document.createElement("div");

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  store = new SessionStore();
  bridge = new FakeBridge();
  stages = [];
  requests = [];
  stageFailures = [];
  marks = [];
  reload = vi.fn<() => void>();
  const tap = new MicrophoneTap(new VoiceActivity());
  vi.spyOn(tap, "attach").mockImplementation(() => undefined);
  conversation = new Conversation({
    store,
    bridge,
    microphones: new Microphones(store, bridge, tap, { enumerateDevices: () => Promise.resolve([]) }),
    characters: Promise.resolve(CHARACTERS),
    openStage: (request) => {
      requests.push(request);
      const failure = stageFailures.shift();
      if (failure) return Promise.reject(failure);
      request.onProgress(0.5);
      const stage = new FakeStage();
      stages.push(stage);
      request.onFirstPicture();
      return Promise.resolve(stage);
    },
    observer: {
      stageOpened: () => undefined,
      mark: (name) => marks.push(name),
      typed: () => undefined,
      people: () => undefined,
    },
    pageVersion: "0.1.0",
    reload,
    random: () => 0.5,
  });
});

afterEach(async () => {
  await conversation.shutdown();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

async function run(): Promise<void> {
  const running = conversation.run(container);
  await vi.advanceTimersByTimeAsync(10);
  await running;
}

const stage = (): FakeStage => {
  const newest = stages.at(-1);
  if (newest === undefined) throw new Error("no avatar was opened");
  return newest;
};

describe("on a desktop", () => {
  test("the avatar is shown before the room is joined, and the call begins by itself", async () => {
    await run();
    expect(bridge.calls.map((call) => call.method).filter((name) => name !== "microphones.report")).toEqual([
      "hello",
      "connection.get",
    ]);
    expect(marks).toEqual(["first_frame", "connected", "mic_published"]);
    expect(store.phase.value).toBe("live");
    expect(store.avatarVisible.value).toBe(true);
  });

  test("ending the call keeps the avatar and the transcript, and it can be begun again", async () => {
    await run();
    store.caption({ id: "a", speaker: "avatar", text: "Hello.", final: true, at: 1 });
    await conversation.end();
    expect(store.phase.value).toBe("ended");
    expect(stage().disposed).toBe(false);
    expect(stage().player.room).toBeNull();
    expect(store.captions.value).toHaveLength(1);
    await conversation.begin();
    expect(store.phase.value).toBe("live");
    expect(stages).toHaveLength(1);
    expect(stage().player.connects.map(({ token }) => token)).toEqual(["token-1", "token-2"]);
  });

  test("a program of another bridge version is told as such, and trying again loads the page anew", async () => {
    bridge.answers.hello = () => {
      throw new BridgeError({ code: "bridge_version", message: "Page and program do not match", hint: "Reinstall.", retryable: false });
    };
    await run();
    expect(store.phase.value).toBe("failed");
    expect(store.problem.value).toMatchObject({ code: "bridge_version", hint: "Reinstall.", blocking: true });
    await conversation.remedy();
    expect(reload).toHaveBeenCalledTimes(1);
  });

  test("an avatar that cannot be loaded is told, and can be tried again", async () => {
    stageFailures = [Object.assign(new Error("avatars/nova.avh could not be loaded"), { code: "failedToDownloadAvatarAssets" })];
    await run();
    expect(store.phase.value).toBe("failed");
    expect(store.problem.value?.hint).toContain("network");
    await conversation.remedy();
    expect(store.phase.value).toBe("live");
  });

  test("an unknown character gives way to one that is there, with a word about it", async () => {
    bridge.settings = { ...FAKE_SETTINGS, character: "nobody" };
    await run();
    expect(requests[0]?.avatar).toBe("nova");
    expect(store.notices.value[0]?.text).toContain("nobody");
    expect(store.phase.value).toBe("live");
  });

  test("the avatar bears itself as the conversation goes", async () => {
    await run();
    stage().player.room?.join("agent", { "lk.agent.state": "thinking" }, true);
    expect(stage().looks.at(-1)?.state).toBe("thinking");
    await conversation.end();
    expect(stage().looks.at(-1)?.state).toBe("ended");
  });
});

describe("typed text", () => {
  test("is shown at once and sent as chat", async () => {
    await run();
    await conversation.say("  What is this?  ");
    expect(store.captions.value).toMatchObject([{ speaker: "user", text: "What is this?", typed: true, final: true }]);
    expect(stage().player.room?.chats).toEqual(["lk.chat: What is this?"]);
  });

  test("that cannot be sent is told", async () => {
    await run();
    stage().player.lose();
    const { room } = stage().player;
    if (room) room.localParticipant.sendText = () => Promise.reject(new Error("gone"));
    await vi.advanceTimersByTimeAsync(600);
    const now = stage().player.room;
    if (now) now.localParticipant.sendText = () => Promise.reject(new Error("gone"));
    await conversation.say("hello");
    expect(store.notices.value.at(-1)?.text).toContain("could not be sent");
  });

  test("of nothing but blanks is nothing", async () => {
    await run();
    await conversation.say("   ");
    expect(store.captions.value).toEqual([]);
  });
});

describe("settings", () => {
  test("hold at once: volume and offset go to the player", async () => {
    await run();
    await conversation.set("volume", 0.3);
    await conversation.set("avOffsetMs", -40);
    expect(stage().player.volume).toBe(0.3);
    expect(stage().player.avOffset).toBe(-40);
  });

  test("that the program refuses are told and change nothing", async () => {
    await run();
    bridge.answers["settings.set"] = () => {
      throw new BridgeError({ code: "settings", message: "volume must be 0–1", hint: "", retryable: false });
    };
    await conversation.set("volume", 7);
    expect(store.settings.value.volume).toBe(1);
    expect(store.notices.value.at(-1)?.text).toContain("volume");
  });

  test("another character is loaded in the place of the old one, and the call goes on", async () => {
    await run();
    await conversation.set("character", "leo");
    expect(stages[0]?.disposed).toBe(true);
    expect(requests.at(-1)?.avatar).toBe("leo");
    expect(store.phase.value).toBe("live");
    expect(stages[0]?.player.room).toBeNull();
  });

  test("another character chosen after the call does not begin a new one", async () => {
    await run();
    await conversation.end();
    await conversation.set("character", "leo");
    expect(store.phase.value).toBe("ended");
    expect(requests.at(-1)?.avatar).toBe("leo");
  });
});

describe("in a kiosk", () => {
  beforeEach(async () => {
    bridge.answers.hello = () => ({ ...FAKE_HELLO, kiosk: true });
    await run();
  });

  test("nothing is joined until a visitor begins", async () => {
    expect(store.phase.value).toBe("attract");
    expect(bridge.sent("connection.get")).toHaveLength(0);
    await conversation.begin();
    expect(store.phase.value).toBe("live");
  });

  test("a reset leaves the room, forgets what was said and goes back to the attract screen", async () => {
    await conversation.begin();
    store.caption({ id: "a", speaker: "user", text: "my secret", final: true, at: 1 });
    bridge.raise("conversation.reset", {});
    await vi.advanceTimersByTimeAsync(10);
    expect(store.phase.value).toBe("attract");
    expect(store.captions.value).toEqual([]);
    expect(stage().player.room).toBeNull();
  });

  test("ending is a reset: the next visitor must not read the last one's words", async () => {
    await conversation.begin();
    store.caption({ id: "a", speaker: "user", text: "my secret", final: true, at: 1 });
    await conversation.end();
    expect(store.phase.value).toBe("attract");
    expect(store.captions.value).toEqual([]);
  });
});

describe("the local stack", () => {
  const reason = { code: "port", message: "The port is in use", hint: "Close the other program.", retryable: true };

  test("that is down is a problem with its reason and a button that starts it", async () => {
    await run();
    bridge.raise("stack.state", { part: "stack", state: "down", reason });
    expect(store.problem.value).toMatchObject({ code: "stack_down", message: "The port is in use.", remedy: "restart-stack" });
    await conversation.remedy();
    expect(bridge.sent("app.retry")).toEqual([{ part: "stack" }]);
  });

  test("that comes back takes its problem away and brings a failed call back", async () => {
    stageFailures = [];
    await run();
    bridge.raise("stack.state", { part: "stack", state: "down", reason });
    stage().player.failures = Array.from({ length: 12 }, () => new Error("unreachable"));
    stage().player.lose();
    await vi.advanceTimersByTimeAsync(200_000);
    expect(store.phase.value).toBe("failed");
    bridge.raise("stack.state", { part: "stack", state: "ready" });
    await vi.advanceTimersByTimeAsync(10);
    expect(store.phase.value).toBe("live");
    expect(store.problem.value).toBeNull();
  });

  test("a stale connection is renewed when the program says so", async () => {
    await run();
    bridge.raise("connection.changed", {});
    await vi.advanceTimersByTimeAsync(600);
    expect(stage().player.connects.map(({ token }) => token)).toEqual(["token-1", "token-2"]);
  });
});

test("an error of the program is shown beside the conversation", async () => {
  await run();
  bridge.raise("error", { code: "input", message: "The recording is stereo", hint: "Use mono.", retryable: false });
  expect(store.problem.value).toMatchObject({ message: "The recording is stereo.", remedy: "dismiss", blocking: false });
  expect(store.phase.value).toBe("live");
  await conversation.remedy();
  expect(store.problem.value).toBeNull();
});

test("at shutdown the room is left and the avatar freed", async () => {
  await run();
  const { player } = stage();
  bridge.raise("shutdown", {});
  await vi.advanceTimersByTimeAsync(10);
  expect(player.room).toBeNull();
  expect(stages[0]?.disposed).toBe(true);
});
