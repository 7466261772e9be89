import { describe, expect, it } from "vitest";
import { MotionBuffer } from "./buffer";
import { MotionKind } from "./codec";
import { encodeMotion } from "./encode";
import { eventMessage, framesMessage, jawOf } from "./fake-motion";
import { RING_FRAMES, type Round } from "./round";

const START = 48_000;
const START_MS = 1000;

function newest(buffer: MotionBuffer): Round {
  if (!buffer.newest) throw new Error("no round");
  return buffer.newest;
}

describe("the motion buffer", () => {
  it("keeps each frame once, however often it is repeated", () => {
    const buffer = new MotionBuffer();
    for (let k = 1; k < 40; k += 2) buffer.take(framesMessage(1, k, START), k * 20, Number.NaN);
    expect(buffer.counters).toMatchObject({ messages: 20, frames: 40, recovered: 0, late: 0 });
    expect(newest(buffer).frame(17)?.weights[17]).toBeCloseTo(jawOf(17), 5);
  });

  it("recovers the frames of lost messages from later ones", () => {
    const buffer = new MotionBuffer();
    for (const k of [1, 3, 11, 13]) buffer.take(framesMessage(1, k, START), k * 20, Number.NaN);
    expect(buffer.counters).toMatchObject({ frames: 14, recovered: 6 });
  });

  it("sorts messages that overtook one another", () => {
    const buffer = new MotionBuffer();
    for (const k of [3, 1, 7, 5]) buffer.take(framesMessage(1, k, START, 2), k * 20, Number.NaN);
    const round = newest(buffer);
    expect([0, 1, 2, 3, 4, 5, 6, 7].every((k) => round.frame(k))).toBe(true);
    expect(round.newest).toBe(7);
  });

  it("counts a frame as late when its time was heard before it came", () => {
    const buffer = new MotionBuffer();
    buffer.take(framesMessage(1, 1, START, 2), 0, START_MS);
    buffer.take(framesMessage(1, 3, START, 2), 0, START_MS + 75);
    expect(buffer.counters.late).toBe(1);
  });

  it("takes a round from the first message it gets of it, whatever frame that is", () => {
    const buffer = new MotionBuffer();
    const effect = buffer.take(framesMessage(3, 501, START), 0, Number.NaN);
    expect(effect?.born).toBe(true);
    const round = newest(buffer);
    expect(round.startMs).toBe(START_MS);
    expect(round.at(START_MS + 10_000).media).toBe(10_000);
    expect(buffer.counters).toMatchObject({ recovered: 0, late: 0 });
  });

  it("keeps more than two seconds of frames", () => {
    const buffer = new MotionBuffer();
    for (let k = 1; k < 1000; k += 2) buffer.take(framesMessage(1, k, START), k * 20, Number.NaN);
    const round = newest(buffer);
    expect(round.frame(999 - 120)).toBeDefined();
    expect(round.frame(999 - RING_FRAMES)).toBeUndefined();
  });

  it("ends a round where END says, and an interrupted one where INTERRUPTED says", () => {
    const buffer = new MotionBuffer();
    buffer.take(framesMessage(1, 99, START), 0, Number.NaN);
    buffer.take(eventMessage(MotionKind.END, 1, 100, START + 96_000), 0, Number.NaN);
    expect(newest(buffer).endMs).toBe(START_MS + 2000);
    buffer.take(eventMessage(MotionKind.INTERRUPTED, 1, 40, START + 38_400), 0, Number.NaN);
    expect(newest(buffer)).toMatchObject({ frameCount: 40, interrupted: true });
  });

  it("ignores the end of a round it never saw, and anything of a round long gone", () => {
    const buffer = new MotionBuffer();
    expect(buffer.take(eventMessage(MotionKind.END, 4, 10, 0), 0, Number.NaN)).toBeNull();
    buffer.take(framesMessage(9, 1, START), 0, Number.NaN);
    expect(buffer.take(framesMessage(2, 1, 0), 0, Number.NaN)).toBeNull();
    expect(newest(buffer).id).toBe(9);
  });

  it("starts over when the avatar's track began anew", () => {
    const buffer = new MotionBuffer();
    buffer.take(framesMessage(5, 1, 480_000), 0, Number.NaN);
    const effect = buffer.take(eventMessage(MotionKind.START, 1, 0, 9600), 0, Number.NaN);
    expect(effect).toMatchObject({ restarted: true, born: true });
    expect(buffer.all.map((round) => round.id)).toEqual([1]);
  });

  it("refuses and counts what breaks the protocol", () => {
    const buffer = new MotionBuffer();
    expect(buffer.push(new Uint8Array([1, 2, 3]), 0, Number.NaN)).toBeNull();
    expect(buffer.push(encodeMotion(framesMessage(1, 1, START)), 0, Number.NaN)?.born).toBe(true);
    expect(buffer.counters).toMatchObject({ malformed: 1, messages: 1 });
  });
});

describe("a round's timeline", () => {
  it("stands still in a pause and goes on where it was resumed", () => {
    const buffer = new MotionBuffer();
    buffer.take(eventMessage(MotionKind.START, 1, 0, START), 0, Number.NaN);
    buffer.take(framesMessage(1, 59, START), 0, Number.NaN);
    buffer.take(eventMessage(MotionKind.PAUSED, 1, 50, START + 48_000), 0, Number.NaN);
    const round = newest(buffer);
    expect(round.at(START_MS + 990)).toEqual({ media: 990, paused: false });
    expect(round.at(START_MS + 1500)).toEqual({ media: 1000, paused: true });
    buffer.take(eventMessage(MotionKind.RESUMED, 1, 50, START + 144_000), 0, Number.NaN);
    expect(round.at(START_MS + 2990)).toEqual({ media: 1000, paused: true });
    expect(round.at(START_MS + 3020)).toEqual({ media: 1020, paused: false });
    expect(round.frameToTrack(51)).toBe(START_MS + 3020);
    expect(round.frameToTrack(49)).toBe(START_MS + 980);
  });

  it("follows FRAMES that say the pause is over before RESUMED does", () => {
    const buffer = new MotionBuffer();
    buffer.take(framesMessage(1, 49, START), 0, Number.NaN);
    buffer.take(eventMessage(MotionKind.PAUSED, 1, 50, START + 48_000), 0, Number.NaN);
    buffer.take(framesMessage(1, 51, START + 96_000), 0, Number.NaN);
    const round = newest(buffer);
    expect(round.at(START_MS + 3010)).toEqual({ media: 1010, paused: false });
    buffer.take(eventMessage(MotionKind.RESUMED, 1, 50, START + 144_000), 0, Number.NaN);
    expect(round.at(START_MS + 3010)).toEqual({ media: 1010, paused: false });
    expect(round.at(START_MS + 2500).paused).toBe(true);
  });
});
