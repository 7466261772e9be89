import { describe, expect, it } from "vitest";
import { ARKIT_52, arkitIndex, type AvatarMood, type MotionFrame } from "../types";
import { Life } from "./life";
import { isMouth } from "./moods";

const MOODS: readonly AvatarMood[] = ["idle", "listening", "thinking", "speaking", "error"];
const BLINK = arkitIndex("eyeBlinkLeft");
const STEP = 1000 / 60;

interface Course {
  readonly weights: Float32Array[];
  readonly head: number[][];
  readonly life: Life;
}

function play(mood: AvatarMood, seconds: number, options: { seed?: number; calm?: boolean; frame?: MotionFrame } = {}): Course {
  const life = new Life(options.seed ?? 5, options.calm ?? false);
  life.mood = mood;
  const weights: Float32Array[] = [];
  const head: number[][] = [];
  for (let now = 0; now < seconds * 1000; now += STEP) {
    if (options.frame) life.setFrame(options.frame);
    life.step(now);
    weights.push(life.pose.weights.slice());
    head.push([...life.pose.head]);
  }
  return { weights, head, life };
}

function frame(shapes: Record<string, number>, head: MotionFrame["head"] = null): MotionFrame {
  const weights = new Float32Array(ARKIT_52.length);
  for (const [name, value] of Object.entries(shapes)) weights[ARKIT_52.indexOf(name as (typeof ARKIT_52)[number])] = value;
  return { weights, head, gaze: null };
}

function blinks({ weights }: Course): number {
  return weights.filter((w, i) => (w[BLINK] ?? 0) > 0.9 && (weights[i - 1]?.[BLINK] ?? 0) <= 0.9).length;
}

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const spread = (values: number[]): number => Math.max(...values) - Math.min(...values);

describe("Life", () => {
  it("is the same for the same seed and another for another", () => {
    const one = play("speaking", 12);
    expect(play("speaking", 12)).toMatchObject({ weights: one.weights, head: one.head });
    expect(play("speaking", 12, { seed: 6 }).head).not.toEqual(one.head);
  });

  it.each(MOODS)("keeps every weight within 0..1 and every angle small (%s)", (mood) => {
    const { weights, head } = play(mood, 30, { frame: frame({ jawOpen: 0.9, mouthSmileLeft: 1, eyeBlinkLeft: 1 }, [0.3, 0.3, 0.2]) });
    for (const w of weights) expect(w.every((value) => value >= 0 && value <= 1)).toBe(true);
    for (const angles of head) expect(angles.every((angle) => Math.abs(angle) < 0.9)).toBe(true);
  });

  it("blinks 8 to 40 times a minute, lids fully shut, and opens again", () => {
    for (const mood of MOODS) {
      const course = play(mood, 60);
      expect(blinks(course)).toBeGreaterThanOrEqual(8);
      expect(blinks(course)).toBeLessThanOrEqual(40);
      const shut = course.weights.filter((w) => (w[BLINK] ?? 0) > 0.5).length;
      expect(shut / course.weights.length).toBeLessThan(0.12);
    }
  });

  it("never moves the head in jerks", () => {
    for (const mood of MOODS) {
      const { head } = play(mood, 30);
      for (let i = 1; i < head.length; i++) {
        for (let axis = 0; axis < 3; axis++) {
          const speed = Math.abs((head[i]?.[axis] ?? 0) - (head[i - 1]?.[axis] ?? 0)) * 60;
          expect(speed).toBeLessThan(1.2);
        }
      }
    }
  });

  it("looks at people when listening and away, up and to one side, when thinking", () => {
    const up = arkitIndex("eyeLookUpLeft");
    const out = arkitIndex("eyeLookOutLeft");
    const share = (mood: AvatarMood): number =>
      mean(play(mood, 40).weights.map((w) => ((w[up] ?? 0) > 0.3 && (w[out] ?? 0) > 0.2 ? 1 : 0)));
    expect(share("listening")).toBeLessThan(0.1);
    expect(share("thinking")).toBeGreaterThan(0.6);
  });

  it("nods when listening, moves the head most when speaking, holds still in an error", () => {
    const speak = frame({ jawOpen: 0.4 });
    const yaw = (mood: AvatarMood): number => spread(play(mood, 30, { frame: speak }).head.slice(120).map((h) => h[1] ?? 0));
    expect(yaw("speaking")).toBeGreaterThan(yaw("listening"));
    expect(yaw("error")).toBeLessThan(0.02);
    const pitches = play("listening", 20).head.slice(120).map((h) => h[0] ?? 0);
    expect(spread(pitches)).toBeGreaterThan(0.05);
  });

  it("holds a different face in every mood", () => {
    const faces = MOODS.map((mood) => play(mood, 3, { calm: true }).weights.at(-1) ?? new Float32Array(0));
    for (const [i, a] of faces.entries()) {
      for (const b of faces.slice(i + 1)) expect(Math.max(...a.map((value, k) => Math.abs(value - (b[k] ?? 0))))).toBeGreaterThan(0.05);
    }
  });

  it("gives the mouth to motion within a frame, closures included", () => {
    const life = new Life(3, false);
    life.mood = "speaking";
    life.step(0);
    life.setFrame(frame({ jawOpen: 0.6 }));
    life.step(20);
    expect(life.pose.weights[arkitIndex("jawOpen")]).toBeCloseTo(0.6, 5);
    life.setFrame(frame({ mouthPressLeft: 0.5, mouthPressRight: 0.5 }));
    life.step(40);
    expect(life.pose.weights[arkitIndex("jawOpen")]).toBe(0);
  });

  it("closes the mouth within a quarter of a second after motion ended", () => {
    const life = new Life(3, false);
    life.step(0);
    life.setFrame(frame({ jawOpen: 0.6 }));
    life.step(20);
    life.setFrame(null);
    for (let now = 40; now <= 290; now += STEP) life.step(now);
    expect(life.pose.weights[arkitIndex("jawOpen")]).toBeLessThan(0.03);
    expect(life.currentFrame().weights[arkitIndex("jawOpen")]).toBeLessThan(0.03);
  });

  it("adds motion's head to its own and lets go of it smoothly", () => {
    const bare = new Life(3, false, true);
    bare.setFrame(frame({}, [0.1, -0.2, 0.05]));
    bare.step(0);
    expect([...bare.pose.head]).toEqual([...new Float32Array([0.1, -0.2, 0.05])]);
    const life = new Life(3, true);
    life.setFrame(frame({}, [0, 0.5, 0]));
    life.step(0);
    const before = life.pose.head[1] ?? 0;
    life.setFrame(frame({}));
    life.step(20);
    expect(before - (life.pose.head[1] ?? 0)).toBeLessThan(0.03);
  });

  it("keeps only blinks and faces when motion is to be reduced", () => {
    const course = play("listening", 30, { calm: true });
    expect(blinks(course)).toBeGreaterThan(3);
    const late = course.head.slice(240);
    for (const axis of [0, 1, 2]) expect(spread(late.map((h) => h[axis] ?? 0))).toBeLessThan(1e-3);
    expect(course.life.pose.sway).toBe(0);
  });

  it("survives a clock that stands still or jumps", () => {
    const life = new Life(1, false);
    for (const now of [0, 0, 1e7, 1e7 + 16, 5]) {
      life.step(now);
      expect(life.pose.weights.every(Number.isFinite)).toBe(true);
      expect(life.pose.head.every(Number.isFinite)).toBe(true);
    }
  });
});

describe("isMouth", () => {
  it("counts 27 jaw and mouth shapes, puffed cheeks and the tongue", () => {
    const names = ARKIT_52.filter((_, index) => isMouth(index));
    expect(names.every((name) => /^(jaw|mouth|tongue|cheekPuff)/.test(name))).toBe(true);
    expect(names).toHaveLength(29);
  });
});
