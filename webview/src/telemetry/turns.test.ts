import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { TurnReport } from "../bridge";
import { updateCaptions, type CaptionLine } from "../session/captions";
import { toEpoch } from "./clock";
import { GRACE_MS, INTERRUPTED_GRACE_MS, Turns } from "./turns";
import type { VoiceTimes } from "./voice-activity";

let voice: VoiceTimes | null;
let lines: readonly CaptionLine[];
let told: TurnReport[];
let turns: Turns;

beforeEach(() => {
  vi.useFakeTimers();
  voice = null;
  lines = [];
  told = [];
  turns = new Turns({ voice: () => voice, captions: () => lines, onTurn: (report) => told.push(report) });
});

afterEach(() => vi.useRealTimers());

function say(speaker: "user" | "avatar", id: string, text: string): void {
  lines = updateCaptions(lines, { id, speaker, text, final: true, at: 1 });
}

test("a spoken turn is measured from the last loud frame of the question", () => {
  voice = { start: 1000, end: 2000 };
  say("user", "u1", "What is this?");
  turns.roundStart(1);
  turns.firstMotion(1, 2680.04);
  turns.firstAudio(1, 2700);
  say("avatar", "a1", "An avatar.");
  turns.roundEnd(1, false);
  vi.advanceTimersByTime(GRACE_MS);
  expect(told).toEqual([
    {
      index: 1,
      kind: "voice",
      heard: "What is this?",
      said: "An avatar.",
      user_end: Math.round(toEpoch(2000) * 10) / 10,
      first_audio: Math.round(toEpoch(2700) * 10) / 10,
      first_motion: Math.round(toEpoch(2680.04) * 10) / 10,
      user_end_to_first_audio_ms: 700,
      user_end_to_first_motion_ms: 680,
      interrupted: false,
      interrupt_to_silence_ms: null,
    },
  ]);
});

test("the user's speaking on does not move the end that was answered", () => {
  voice = { start: 1000, end: 2000 };
  turns.roundStart(1);
  voice = { start: 2600, end: 3000 };
  turns.firstAudio(1, 2500);
  turns.roundEnd(1, false);
  turns.close();
  expect(told[0]?.user_end_to_first_audio_ms).toBe(500);
});

test("a greeting answers nothing and has no latency", () => {
  turns.roundStart(1);
  turns.firstAudio(1, 500);
  say("avatar", "a1", "Welcome.");
  turns.roundEnd(1, false);
  vi.advanceTimersByTime(GRACE_MS);
  expect(told[0]).toMatchObject({ kind: "unprompted", said: "Welcome.", user_end: null, user_end_to_first_audio_ms: null });
});

test("what was said before the agent was there is not answered by its greeting", () => {
  voice = { start: 100, end: 900 };
  turns.agentReady(1500);
  turns.roundStart(1);
  turns.firstAudio(1, 2000);
  turns.close();
  expect(told[0]?.kind).toBe("unprompted");
});

test("a second reply to the same words is not measured again", () => {
  voice = { start: 1000, end: 2000 };
  turns.roundStart(1);
  turns.roundEnd(1, false);
  turns.roundStart(2);
  turns.firstAudio(2, 9000);
  turns.close();
  expect(told.map(({ kind }) => kind)).toEqual(["voice", "unprompted"]);
});

test("a typed turn is measured from the sending", () => {
  turns.typed(1000);
  say("user", "typed-1", "Hello?");
  turns.roundStart(1);
  turns.firstAudio(1, 1450);
  turns.close();
  expect(told[0]).toMatchObject({ kind: "typed", heard: "Hello?", user_end_to_first_audio_ms: 450 });
});

test("an interruption is measured from the user's first loud frame over the voice to silence", () => {
  voice = { start: 1000, end: 2000 };
  say("user", "u1", "Tell me everything.");
  turns.roundStart(1);
  turns.firstAudio(1, 2500);
  say("avatar", "a1", "Well, once upon");
  voice = { start: 5000, end: 5400 };
  say("user", "u2", "Stop.");
  turns.roundEnd(1, true);
  vi.advanceTimersByTime(INTERRUPTED_GRACE_MS - 1);
  expect(told).toEqual([]);
  turns.interrupted(1, 5350, 5480);
  vi.advanceTimersByTime(GRACE_MS);
  expect(told[0]).toMatchObject({ heard: "Tell me everything.", interrupted: true, interrupt_to_silence_ms: 480 });
});

test("the words of a barge-in belong to the next turn", () => {
  voice = { start: 1000, end: 2000 };
  say("user", "u1", "Tell me everything.");
  turns.roundStart(1);
  say("avatar", "a1", "Well,");
  voice = { start: 5000, end: 5400 };
  say("user", "u2", "Stop. What time is it?");
  turns.interrupted(1, 5350, 5480);
  turns.roundStart(2);
  say("avatar", "a2", "Ten o'clock.");
  turns.roundEnd(2, false);
  turns.close();
  expect(told.map(({ heard, said }) => [heard, said])).toEqual([
    ["Tell me everything.", "Well,"],
    ["Stop. What time is it?", "Ten o'clock."],
  ]);
});

test("an interruption without a voice, as by a button, counts from the stop", () => {
  voice = { start: 1000, end: 2000 };
  turns.roundStart(1);
  turns.interrupted(1, 9000, 9100);
  turns.close();
  expect(told[0]?.interrupt_to_silence_ms).toBe(100);
});

test("captions that come shortly after the sound still belong to the turn", () => {
  voice = { start: 1000, end: 2000 };
  turns.roundStart(1);
  turns.roundEnd(1, false);
  vi.advanceTimersByTime(GRACE_MS - 50);
  say("avatar", "a1", "Late words.");
  vi.advanceTimersByTime(50);
  expect(told[0]?.said).toBe("Late words.");
});

test("what is told of another round changes nothing", () => {
  turns.roundStart(1);
  turns.firstAudio(7, 100);
  turns.roundEnd(7, false);
  turns.interrupted(7, 1, 2);
  turns.close();
  expect(told).toMatchObject([{ first_audio: null, interrupted: false }]);
});
