import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { FAKE_HELLO, FAKE_SETTINGS } from "../bridge/fake-bridge";
import { IdleReset } from "./idle";
import { SessionStore } from "./store";

let store: SessionStore;
let idle: IdleReset;
let target: EventTarget;
let voice: boolean;
const reset = vi.fn();

beforeEach(() => {
  vi.useFakeTimers();
  reset.mockClear();
  voice = false;
  store = new SessionStore();
  store.program.value = { ...FAKE_HELLO, kiosk: true };
  store.settings.value = { ...FAKE_SETTINGS, idleResetSeconds: 60 };
  store.phase.value = "live";
  store.activity.value = "listening";
  target = new EventTarget();
  idle = new IdleReset({ store, voice: () => voice, reset, target });
});

afterEach(() => {
  idle.stop();
  vi.useRealTimers();
});

test("the countdown is shown for the last fifteen seconds, then the conversation is reset once", () => {
  vi.advanceTimersByTime(44_000);
  expect(store.idleCountdown.value).toBeNull();
  vi.advanceTimersByTime(2000);
  expect(store.idleCountdown.value).toBe(14);
  vi.advanceTimersByTime(15_000);
  expect(reset).toHaveBeenCalledTimes(1);
  expect(store.idleCountdown.value).toBeNull();
});

test.each([
  ["a touch", (): void => void target.dispatchEvent(new Event("pointerdown"))],
  ["a key", (): void => void target.dispatchEvent(new Event("keydown"))],
  ["something said", (): void => store.caption({ id: "u", speaker: "user", text: "Yes", final: true, at: 1 })],
])("%s keeps the conversation", (_, happen) => {
  vi.advanceTimersByTime(50_000);
  expect(store.idleCountdown.value).not.toBeNull();
  happen();
  expect(store.idleCountdown.value).toBeNull();
  vi.advanceTimersByTime(44_000);
  expect(reset).not.toHaveBeenCalled();
});

test("nobody is idle while somebody speaks or the avatar answers", () => {
  store.activity.value = "speaking";
  vi.advanceTimersByTime(120_000);
  store.activity.value = "listening";
  voice = true;
  vi.advanceTimersByTime(120_000);
  expect(reset).not.toHaveBeenCalled();
  voice = false;
  vi.advanceTimersByTime(61_000);
  expect(reset).toHaveBeenCalledTimes(1);
});

test.each([
  ["outside a kiosk", (): void => void (store.program.value = FAKE_HELLO)],
  ["with the time set to nought", (): void => void (store.settings.value = { ...FAKE_SETTINGS, idleResetSeconds: 0 })],
  ["on the attract screen", (): void => void (store.phase.value = "attract")],
])("%s nothing is ever reset", (_, prepare) => {
  prepare();
  vi.advanceTimersByTime(600_000);
  expect(reset).not.toHaveBeenCalled();
});
