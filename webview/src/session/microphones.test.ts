import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { FAKE_HELLO, FAKE_SETTINGS, FakeBridge } from "../bridge/fake-bridge";
import { MicrophoneTap } from "../telemetry/microphone-tap";
import { VoiceActivity } from "../telemetry/voice-activity";
import { FakePlayer, FakeRoom } from "./fake-room";
import { Microphones, microphonesOf } from "./microphones";
import { SessionStore } from "./store";

const DESK = device("desk", "Desk microphone");
const HEADSET = device("headset", "USB Headset");

let store: SessionStore;
let bridge: FakeBridge;
let player: FakePlayer;
let room: FakeRoom;
let devices: MediaDeviceInfo[];
let microphones: Microphones;

function device(deviceId: string, label: string, kind: MediaDeviceKind = "audioinput"): MediaDeviceInfo {
  return { deviceId, label, kind, groupId: "", toJSON: () => ({}) };
}

function named(name: string): Error {
  return Object.assign(new Error(name), { name });
}

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  store = new SessionStore();
  bridge = new FakeBridge();
  player = new FakePlayer();
  room = new FakeRoom();
  room.labels = new Map([DESK, HEADSET].map(({ deviceId, label }) => [deviceId, label]));
  player.room = room;
  devices = [DESK, HEADSET];
  const tap = new MicrophoneTap(new VoiceActivity());
  vi.spyOn(tap, "attach").mockImplementation(() => undefined);
  microphones = new Microphones(store, bridge, tap, { enumerateDevices: () => Promise.resolve(devices) });
});

afterEach(() => vi.restoreAllMocks());

const open = (): Promise<void> => microphones.open(room.asRoom(), player);
const notices = (): string => store.notices.value.map((notice) => notice.text).join("\n");

test("aliases of the system's default, other kinds and outputs are not listed", () => {
  const found = microphonesOf([device("default", "Default - Desk microphone"), DESK, device("x", "Speakers", "audiooutput")]);
  expect(found).toEqual([{ id: "desk", label: "Desk microphone" }]);
});

test("the microphone is published, shown by its label and reported to the program", async () => {
  await open();
  expect(store.microphone.value).toEqual({ status: "open", label: "Desk microphone" });
  expect(bridge.sent("microphones.report").at(-1)).toEqual({
    devices: [
      { id: "desk", label: "Desk microphone" },
      { id: "headset", label: "USB Headset" },
    ],
    selected: "desk",
    permission: "granted",
  });
});

test("the same list is reported once", async () => {
  await open();
  await microphones.refresh();
  await microphones.refresh();
  expect(bridge.sent("microphones.report")).toHaveLength(1);
});

test("the preferred microphone is found again by its label, whatever its id", async () => {
  store.settings.value = { ...FAKE_SETTINGS, microphone: "USB Headset" };
  devices = [DESK, device("another-id", "USB Headset")];
  await microphones.refresh();
  await open();
  expect(room.switched[0]).toBe("another-id");
});

describe.each([
  ["NotAllowedError", "denied", "microphone_denied"],
  ["AbortError", "denied", "microphone_denied"],
  ["NotFoundError", "missing", "microphone_missing"],
  ["NotReadableError", "busy", "microphone_busy"],
])("a microphone that fails with %s", (name, status, code) => {
  test(`is ${status}, is told with what to do, and does not end the conversation`, async () => {
    devices = [];
    player.publishFailures = [new Error("The microphone failed", { cause: named(name) })];
    await open();
    expect(store.microphone.value.status).toBe(status);
    expect(store.problem.value).toMatchObject({ code, blocking: false });
    expect(store.problem.value?.hint).toContain("type");
  });
});

test("a refused permission is reported as denied", async () => {
  player.publishFailures = [named("NotAllowedError")];
  await open();
  expect(bridge.sent("microphones.report").at(-1)?.permission).toBe("denied");
});

test("a microphone that is plugged in later is used at once", async () => {
  devices = [];
  player.publishFailures = [named("NotFoundError")];
  await open();
  devices = [DESK];
  await microphones.refresh();
  expect(store.microphone.value.status).toBe("open");
  expect(store.problem.value).toBeNull();
  expect(notices()).toContain("plugged in");
});

test("an unplugged microphone is replaced by the next, and the user is told", async () => {
  room.microphone = { label: "USB Headset", readyState: "live" };
  await open();
  devices = [DESK];
  await microphones.refresh();
  expect(room.switched).toEqual(["desk"]);
  expect(store.microphone.value).toEqual({ status: "open", label: "Desk microphone" });
  expect(notices()).toContain("USB Headset was unplugged. Now using Desk microphone.");
});

test("the last microphone unplugged is a problem, and typed chat is named as the way out", async () => {
  await open();
  devices = [];
  await microphones.refresh();
  expect(store.microphone.value.status).toBe("missing");
  expect(store.problem.value?.code).toBe("microphone_missing");
});

test("a track under a label that was never listed is not taken for unplugged", async () => {
  room.microphone = { label: "Default", readyState: "live" };
  await open();
  await microphones.refresh();
  expect(room.switched).toEqual([]);
  expect(notices()).toBe("");
});

test("a track under the label of the default alias is not taken for unplugged", async () => {
  devices = [device("default", "Default Audio Input"), DESK];
  room.microphone = { label: "Default Audio Input", readyState: "live" };
  await open();
  await microphones.refresh();
  expect(room.switched).toEqual([]);
});

test("the preferred microphone that comes back is used again", async () => {
  store.settings.value = { ...FAKE_SETTINGS, microphone: "USB Headset" };
  devices = [DESK];
  await open();
  devices = [DESK, HEADSET];
  await microphones.refresh();
  expect(store.microphone.value.label).toBe("USB Headset");
  expect(notices()).toContain("Now using USB Headset");
});

test("a track that ended without its device leaving the list is opened again", async () => {
  await open();
  room.microphone = { label: "Desk microphone", readyState: "ended" };
  await microphones.refresh();
  expect(room.switched).toEqual(["desk"]);
  expect(room.microphone).toMatchObject({ readyState: "live" });
});

test.each([true, false])("with demo = %s a recording is left as it is, a real microphone is cleaned up", async (demo) => {
  store.program.value = { ...FAKE_HELLO, demo };
  await open();
  expect(room.options.audioCaptureDefaults).toEqual(
    demo ? { echoCancellation: false, noiseSuppression: false, autoGainControl: false } : undefined,
  );
});

describe("muting", () => {
  test("silences the published track and is shown", async () => {
    await open();
    await microphones.setMuted(true);
    expect(room.micEnabled).toBe(false);
    expect(store.microphone.value.status).toBe("muted");
    await microphones.setMuted(false);
    expect(room.micEnabled).toBe(true);
    expect(store.microphone.value.status).toBe("open");
  });

  test("holds over a new connection, until somebody new begins", async () => {
    await open();
    await microphones.setMuted(true);
    microphones.closed();
    await open();
    expect(store.microphone.value.status).toBe("muted");
    microphones.closed();
    microphones.forget();
    await open();
    expect(store.microphone.value.status).toBe("open");
  });

  test("unmuting a refused microphone asks for it again", async () => {
    player.publishFailures = [named("NotAllowedError")];
    await open();
    await microphones.setMuted(false);
    expect(player.publishes).toBe(1);
    expect(store.microphone.value.status).toBe("open");
    expect(store.problem.value).toBeNull();
  });
});

test("a call that is over is not written to by what was still under way", async () => {
  const opening = open();
  microphones.closed();
  await opening;
  expect(store.microphone.value.status).toBe("closed");
});
