import { beforeEach, expect, test } from "vitest";

import { rootMeanSquare, VoiceActivity } from "./voice-activity";

const BLOCK_MS = 10;

let voice: VoiceActivity;
let now: number;

beforeEach(() => {
  voice = new VoiceActivity();
  now = 0;
});

/** Sound of one loudness, in dBFS. */
function hear(db: number, ms: number): void {
  for (let passed = 0; passed < ms; passed += BLOCK_MS) {
    now += BLOCK_MS;
    voice.push(10 ** (db / 20), now, BLOCK_MS);
  }
}

test("a burst of speech begins with its first loud block and ends with its last", () => {
  hear(-70, 500);
  hear(-25, 800);
  hear(-70, 600);
  expect(voice.last).toEqual({ start: 500, end: 1300 });
  expect(voice.speaking(now)).toBe(false);
});

test("pauses between words do not end a burst, longer ones do", () => {
  hear(-70, 500);
  hear(-25, 300);
  hear(-70, 300);
  hear(-25, 300);
  expect(voice.last).toEqual({ start: 500, end: 1400 });
  hear(-70, 1000);
  hear(-25, 200);
  expect(voice.last?.start).toBe(2400);
});

test("a click is no speech", () => {
  hear(-70, 500);
  hear(-15, 40);
  hear(-70, 500);
  expect(voice.last).toBeNull();
});

test("steady noise is no speech, and a voice is heard above it", () => {
  hear(-45, 3000);
  expect(voice.last).toBeNull();
  hear(-20, 500);
  expect(voice.last).toEqual({ start: 3000, end: 3500 });
});

test("noise that begins later becomes the floor too", () => {
  hear(-70, 2000);
  hear(-45, 12_000);
  const settled = voice.last?.end ?? 0;
  expect(settled).toBeLessThan(11_000);
  hear(-20, 500);
  expect(voice.last).toEqual({ start: 14_000, end: 14_500 });
});

test("a long speech with pauses does not lift the floor", () => {
  hear(-60, 500);
  for (let words = 0; words < 20; words++) {
    hear(-28, 900);
    hear(-60, 150);
  }
  hear(-28, 300);
  expect(voice.last).toEqual({ start: 500, end: now });
});

test("digital silence and room tone are no speech", () => {
  for (let i = 0; i < 100; i++) voice.push(0, i * BLOCK_MS, BLOCK_MS);
  hear(-56, 3000);
  expect(voice.last).toBeNull();
});

test("the meter rises at once and falls gently", () => {
  hear(-10, 20);
  expect(voice.level).toBe(1);
  hear(-90, 70);
  expect(voice.level).toBeGreaterThan(0.5);
  hear(-90, 400);
  expect(voice.level).toBe(0);
});

test("the root mean square of a full square wave is one, of nothing nought", () => {
  expect(rootMeanSquare(new Float32Array([1, -1, 1, -1]))).toBe(1);
  expect(rootMeanSquare(new Float32Array(0))).toBe(0);
});
