import { describe, expect, it } from "vitest";
import { copyFrame, neutralFrame } from "../avatarkit/frames";
import type { MotionFrame } from "../avatarkit/render/types";
import { face } from "./motion/fake-motion";
import { Round } from "./motion/round";
import { type Cue, Playback, type PlaybackListener, STALL_MS } from "./playback";

const JAW = 17;
const PICTURE_MS = 1000 / 60;

/** A view that remembers, a listener that notes, and a clock that is turned by hand. */
class Stage {
  now = 10_000;
  readonly shown: (number | null)[] = [];
  readonly notes: string[] = [];
  lost = 0;
  private last: MotionFrame = neutralFrame();
  readonly playback: Playback;

  constructor() {
    const listener: PlaybackListener = {
      onBegin: (round) => this.notes.push(`begin ${round.id}`),
      onFirstMotion: (round) => this.notes.push(`motion ${round.id}`),
      onEnd: (round, reason) => this.notes.push(`${reason} ${round.id}`),
      onStalled: (round) => this.notes.push(`stalled ${round.id}`),
      onPaused: (round) => this.notes.push(`paused ${round.id}`),
      onLost: (_, frames) => (this.lost += frames),
    };
    this.playback = new Playback(
      {
        renderFrame: (frame) => {
          this.shown.push(frame ? (frame.weights[JAW] ?? 0) : null);
          if (frame) this.last = copyFrame(frame);
        },
        currentFrame: () => this.last,
      },
      listener,
    );
  }

  get jaw(): number | null | undefined {
    return this.shown.at(-1);
  }

  /** Pictures for `duration` ms; `cue` says what is heard `elapsed` ms after the start. */
  play(duration: number, cue: (elapsed: number) => Cue | null): void {
    const start = this.now;
    while (this.now < start + duration) {
      this.playback.tick(this.now, cue(this.now - start));
      this.now += PICTURE_MS;
    }
  }
}

/** A round whose jaw is `jaw` throughout, with `frames` frames there. */
function round(id: number, frames: number, jaw: number | ((k: number) => number), closed = true): Round {
  const made = new Round(id, 0);
  made.place(0, 48_000, true);
  for (let k = 0; k < frames; k++) made.putFrame(k, face(typeof jaw === "number" ? jaw : jaw(k)));
  if (closed) made.end(frames, false);
  return made;
}

const from =
  (heard: Round, media: number) =>
  (elapsed: number): Cue => ({ round: heard, media: media + elapsed, paused: false });

describe("playback", () => {
  it("shows nothing of its own while idle", () => {
    const stage = new Stage();
    stage.play(500, () => null);
    expect(stage.shown).toEqual([]);
    expect(stage.playback.isIdle).toBe(true);
  });

  it("blends into the stream within 200 ms, begun before the first sound", () => {
    const stage = new Stage();
    stage.play(400, from(round(1, 100, 0.8), -300));
    const rising = stage.shown.slice(0, 11).map((jaw) => jaw ?? -1);
    expect([...rising].sort((a, b) => a - b)).toEqual(rising);
    expect(rising[0]).toBeLessThan(0.1);
    expect(stage.notes).toEqual(["begin 1", "motion 1"]);
    expect(stage.jaw).toBeCloseTo(0.8, 5);
  });

  it("shows the frame whose media time is heard, interpolated between the middles of frames", () => {
    const stage = new Stage();
    const heard = round(1, 100, (k) => k / 100);
    stage.play(500, from(heard, 0));
    stage.playback.tick(stage.now, { round: heard, media: 610, paused: false });
    expect(stage.jaw).toBeCloseTo(0.3, 5);
    stage.playback.tick(stage.now, { round: heard, media: 620, paused: false });
    expect(stage.jaw).toBeCloseTo(0.305, 5);
  });

  it("eases to rest after the last frame, then gives the avatar back to its own life once", () => {
    const stage = new Stage();
    stage.play(2000, from(round(1, 50, 0.8), 0));
    expect(stage.notes).toEqual(["begin 1", "motion 1", "end 1"]);
    expect(stage.shown.filter((jaw) => jaw === null)).toHaveLength(1);
    expect(stage.jaw).toBeNull();
    const ending = stage.shown.slice(-20, -1).map((jaw) => jaw ?? -1);
    expect([...ending].sort((a, b) => b - a)).toEqual(ending);
  });

  it("stops at the place of an interruption and says so", () => {
    const stage = new Stage();
    const heard = round(1, 200, 0.8, false);
    stage.play(600, from(heard, 0));
    heard.end(35, true);
    stage.play(PICTURE_MS, from(heard, 690));
    expect(stage.notes).not.toContain("interrupted 1");
    stage.play(600, from(heard, 705));
    expect(stage.notes).toEqual(["begin 1", "motion 1", "interrupted 1"]);
    expect(stage.playback.isIdle).toBe(true);
  });

  it("turns from the end of one round straight into the next, without idling between", () => {
    const stage = new Stage();
    stage.play(1100, from(round(1, 50, 0.8), 0));
    stage.play(600, from(round(2, 100, 0.4), -150));
    expect(stage.shown).not.toContain(null);
    expect(stage.notes).toEqual(["begin 1", "motion 1", "end 1", "begin 2", "motion 2"]);
    expect(stage.jaw).toBeCloseTo(0.4, 5);
  });

  it("ends a round that another one replaces before its end", () => {
    const stage = new Stage();
    stage.play(500, from(round(1, 50, 0.8, false), 0));
    stage.play(500, from(round(2, 50, 0.4), 0));
    expect(stage.notes).toEqual(["begin 1", "motion 1", "end 1", "begin 2", "motion 2"]);
  });

  it("bridges single missing frames and counts them as lost", () => {
    const stage = new Stage();
    const heard = new Round(1, 0);
    heard.place(0, 48_000, true);
    for (let k = 0; k < 60; k++) if (k !== 20 && k !== 21) heard.putFrame(k, face(k / 100));
    stage.play(380, from(heard, 0));
    stage.playback.tick(stage.now, { round: heard, media: 420, paused: false });
    expect(stage.jaw).toBeCloseTo(0.205, 5);
    stage.playback.tick(stage.now, { round: heard, media: 500, paused: false });
    expect(stage.lost).toBe(2);
  });

  it("holds the face over a short gap and lets the mouth come to rest in a longer one", () => {
    const stage = new Stage();
    const heard = round(1, 30, 0.8, false);
    heard.lastMotionAt = stage.now;
    stage.play(700, from(heard, 0));
    expect(stage.jaw).toBeCloseTo(0.8, 5);
    stage.play(600, from(heard, 700));
    expect(stage.jaw).toBeCloseTo(0, 3);
    expect(stage.notes).toEqual(["begin 1", "motion 1"]);
  });

  it("reports a stall once, goes idle, and shows returning motion without a transition", () => {
    const stage = new Stage();
    const heard = round(1, 30, 0.8, false);
    heard.lastMotionAt = stage.now;
    stage.play(STALL_MS - 200, from(heard, 0));
    expect(stage.notes).not.toContain("stalled 1");
    stage.play(2000, from(heard, STALL_MS - 200));
    expect(stage.notes.filter((note) => note === "stalled 1")).toHaveLength(1);
    expect(stage.jaw).toBeNull();
    for (let k = 230; k < 400; k++) heard.putFrame(k, face(0.6));
    heard.lastMotionAt = stage.now;
    stage.play(PICTURE_MS, from(heard, 4800));
    expect(stage.jaw).toBeCloseTo(0.6, 5);
    expect(stage.notes.filter((note) => note.startsWith("begin"))).toHaveLength(1);
  });

  it("does not call the silence after a closed round a stall", () => {
    const stage = new Stage();
    const heard = round(1, 30, 0.8);
    heard.lastMotionAt = stage.now;
    stage.play(STALL_MS * 2, from(heard, 0));
    expect(stage.notes).toEqual(["begin 1", "motion 1", "end 1"]);
  });

  it("rests in a pause and blends back when it is over", () => {
    const stage = new Stage();
    const heard = round(1, 200, 0.8);
    stage.play(500, from(heard, 0));
    stage.play(800, () => ({ round: heard, media: 500, paused: true }));
    expect(stage.jaw).toBeNull();
    stage.play(400, from(heard, 500));
    expect(stage.jaw).toBeCloseTo(0.8, 5);
    expect(stage.notes).toEqual(["begin 1", "motion 1", "paused 1"]);
  });

  it("holds still instead of running backwards when the lock corrects itself", () => {
    const stage = new Stage();
    const heard = round(1, 100, (k) => k / 100);
    stage.play(500, from(heard, 0));
    const before = stage.jaw ?? 0;
    stage.playback.tick(stage.now, { round: heard, media: 440, paused: false });
    expect(stage.jaw).toBeCloseTo(before, 5);
  });

  it("blends to idle over 480 ms when the call ends in mid-round", () => {
    const stage = new Stage();
    stage.play(500, from(round(1, 100, 0.8), 0));
    stage.playback.leave(stage.now);
    expect(stage.notes.at(-1)).toBe("left 1");
    stage.play(450, () => null);
    expect(stage.shown).not.toContain(null);
    stage.play(100, () => null);
    expect(stage.jaw).toBeNull();
  });

  it("leaves an idle avatar alone when the call ends", () => {
    const stage = new Stage();
    stage.playback.leave(stage.now);
    stage.play(600, () => null);
    expect(stage.shown).toEqual([]);
  });
});
