import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { FakeBridge } from "../bridge/fake-bridge";
import { FakeStage } from "../session/fake-room";
import { SessionStore } from "../session/store";
import { Monitor } from "./monitor";
import { VoiceActivity } from "./voice-activity";

let store: SessionStore;
let bridge: FakeBridge;
let voice: VoiceActivity;
let monitor: Monitor;
let stage: FakeStage;

beforeEach(() => {
  vi.useFakeTimers();
  store = new SessionStore();
  bridge = new FakeBridge();
  voice = new VoiceActivity();
  monitor = new Monitor(store, bridge, voice);
  stage = new FakeStage();
  monitor.stageOpened(stage);
});

afterEach(() => {
  monitor.stop();
  vi.useRealTimers();
});

test("the heartbeat beats once a second, and a change is told within a moment", () => {
  vi.advanceTimersByTime(100);
  const before = bridge.sent("page.status").length;
  vi.advanceTimersByTime(5000);
  expect(bridge.sent("page.status")).toHaveLength(before + 5);
  store.phase.value = "live";
  store.activity.value = "thinking";
  store.caption({ id: "u", speaker: "user", text: "Hello", final: true, at: 1 });
  vi.advanceTimersByTime(60);
  expect(bridge.sent("page.status")).toHaveLength(before + 6);
  expect(bridge.sent("page.status").at(-1)).toMatchObject({ state: "thinking", lastHeard: "Hello", captions: 1 });
});

test("the status says who is there, what is drawn and how far the mouth is open", () => {
  vi.advanceTimersByTime(2000);
  monitor.people({ agent: "guide", avatar: "spatialreal-avatar" });
  expect(monitor.status()).toMatchObject({
    agent: "guide",
    avatar: "spatialreal-avatar",
    room: "disconnected",
    frames: 120,
    mouth: 0.25,
    hearing: false,
  });
});

test("an agent that is not there yet is state ready, a failure state error", () => {
  store.phase.value = "live";
  expect(monitor.status().state).toBe("ready");
  store.phase.value = "failed";
  expect(monitor.status().state).toBe("error");
});

test("a turn of the player's events reaches the program, and its latency the overlay", () => {
  for (let i = 1; i <= 20; i++) voice.push(0.2, i * 10, 10);
  stage.player.emit("round-start", { round: 1, participant: "avatar" });
  stage.player.emit("first-motion", { round: 1, at: 680 });
  stage.player.emit("first-audio", { round: 1, at: 700 });
  stage.player.emit("round-end", { round: 1, reason: "end" });
  vi.advanceTimersByTime(1500);
  expect(bridge.sent("page.turn")).toMatchObject([{ index: 1, kind: "voice", user_end_to_first_audio_ms: 500 }]);
  expect(store.diagnostics.value?.lastTurnMs).toBe(500);
});

test("measurements go to the program only while the avatar speaks", () => {
  stage.player.measured = {
    avOffsetMs: 4,
    lock: "locked",
    offset: { p50: 4, p95Abs: 9, n: 100 },
    motion: { frames: 10, lost: 0 },
  };
  store.phase.value = "live";
  store.activity.value = "listening";
  vi.advanceTimersByTime(3000);
  expect(bridge.sent("diagnostics")).toHaveLength(0);
  expect(store.diagnostics.value).toMatchObject({ avOffsetMs: 4, lock: "locked", fps: 60, resolution: [1280, 800] });
  store.activity.value = "speaking";
  vi.advanceTimersByTime(3000);
  expect(bridge.sent("diagnostics")).toHaveLength(3);
});

test("the level ring moves only while the microphone is open", () => {
  voice.push(0.3, 10, 10);
  vi.advanceTimersByTime(60);
  expect(store.micLevel.value).toBe(0);
  store.microphone.value = { status: "open", label: null };
  vi.advanceTimersByTime(60);
  expect(store.micLevel.value).toBeGreaterThan(0.5);
});

test("marks carry epoch milliseconds", () => {
  monitor.mark("connected");
  const [mark] = bridge.sent("page.mark");
  expect(mark?.name).toBe("connected");
  expect(Math.abs((mark?.at ?? 0) - (performance.timeOrigin + performance.now()))).toBeLessThan(5);
});
