import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { TrackTap } from "./lock/tap";
import { MotionKind, type MotionMessage } from "./motion/codec";
import { encodeMotion } from "./motion/encode";
import { eventMessage, framesMessage } from "./motion/fake-motion";
import { Performer, type Voice } from "./performer";

const START_MS = 1000;
const PULL_LAG = 150;
const PLAYOUT_MS = 31;

/** A performer whose voice is pulled from the jitter buffer {@link PULL_LAG} ms after its motion arrives. */
function setUp() {
  const told: [event: string, round: number, at: number][] = [];
  const tap = { poll: () => undefined, close: vi.fn() };
  const performer = new Performer(
    "avatar",
    {
      onFirstAudio: (round, at) => told.push(["first-audio", round.id, at]),
      onSilent: (round, at) => told.push(["silent", round.id, at]),
    },
    () => tap as unknown as TrackTap,
  );
  const send = (message: MotionMessage, now: number) => performer.push(encodeMotion(message), now);
  return { performer, told, tap, send };
}

const voice = (): Voice => ({ track: {} as MediaStreamTrack, receiver: {} as RTCRtpReceiver });

/** Track time 0 arrives at page time 0: at `now`, motion up to `now` is there, and sound up to `now - PULL_LAG`. */
function run(
  { performer, send }: ReturnType<typeof setUp>,
  from: number,
  to: number,
  loud: (trackMs: number) => boolean,
  motion = true,
) {
  for (let now = from; now < to; now += 10) {
    const newest = Math.floor((now - START_MS) / 20);
    if (motion && newest > 0 && now % 40 === 0) send(framesMessage(1, newest, START_MS * 48), now);
    for (let i = 0; i < 4; i++) {
      const pull = now + i * 2.5;
      performer.lock.pushHop(pull, loud(pull - PULL_LAG) ? 0.1 : 0, now);
    }
    performer.lock.pushSource(now, 7, (now - PULL_LAG) * 48, now);
    performer.poll(now);
  }
}

describe("a performer that hears samples", () => {
  beforeEach(() => {
    vi.stubGlobal("MediaStreamTrackProcessor", EventTarget);
  });

  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it("tells when the first sound of a round is heard, not when it is pulled", () => {
    const stage = setUp();
    run(stage, 1000, 2500, (trackMs) => trackMs >= START_MS + 100);
    expect(stage.told.map(([event, round]) => [event, round])).toEqual([["first-audio", 1]]);
    const at = stage.told[0]?.[2] ?? 0;
    expect(Math.abs(at - (START_MS + 100 + PULL_LAG + PLAYOUT_MS))).toBeLessThan(5);
  });

  it("tells when an interrupted round has fallen silent", () => {
    const stage = setUp();
    run(stage, 1000, 2000, (trackMs) => trackMs >= START_MS);
    stage.send(eventMessage(MotionKind.INTERRUPTED, 1, 51, (START_MS + 1020) * 48), 2020);
    run(stage, 2020, 2800, (trackMs) => trackMs < START_MS + 1020, false);
    expect(stage.told.map(([event]) => event)).toEqual(["first-audio", "silent"]);
    const silent = stage.told[1]?.[2] ?? 0;
    expect(Math.abs(silent - (START_MS + 1020 + PULL_LAG + PLAYOUT_MS))).toBeLessThan(10);
  });

  it("takes an interruption for silent after two seconds when no sound comes at all", () => {
    const { performer, told, send } = setUp();
    send(framesMessage(1, 11, START_MS * 48), 1500);
    send(eventMessage(MotionKind.INTERRUPTED, 1, 12, (START_MS + 240) * 48), 1500);
    performer.poll(3400);
    expect(told).toEqual([]);
    performer.poll(3600);
    expect(told).toEqual([["silent", 1, 1500]]);
  });

  it("listens to one track at a time", () => {
    const { performer, tap } = setUp();
    const first = voice();
    performer.setVoice(first);
    performer.setVoice(first);
    expect(tap.close).not.toHaveBeenCalled();
    performer.setVoice(voice());
    expect(tap.close).toHaveBeenCalledTimes(1);
    performer.close();
    expect(tap.close).toHaveBeenCalledTimes(2);
  });
});

describe("a performer in a browser without MediaStreamTrackProcessor", () => {
  it("takes what is announced for what is heard", () => {
    const stage = setUp();
    stage.performer.setVoice(voice());
    const { performer, send, told } = stage;
    for (let now = 1000; now < 1600; now += 10) {
      const newest = Math.floor((now - START_MS) / 20);
      if (newest > 0 && now % 40 === 0) send(framesMessage(1, newest, START_MS * 48), now);
      performer.poll(now);
    }
    expect(told.map(([event]) => event)).toEqual(["first-audio"]);
    send(eventMessage(MotionKind.INTERRUPTED, 1, 30, (START_MS + 600) * 48), 1600);
    for (let now = 1600; now < 2200; now += 10) performer.poll(now);
    expect(told.map(([event]) => event)).toEqual(["first-audio", "silent"]);
  });
});
