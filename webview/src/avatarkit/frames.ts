/** Arithmetic on motion frames: copies, blends, transitions. */
import type { MotionFrame } from "./render/types";

/** A motion frame one may write into; for loops that must not make garbage. */
export interface MutableFrame {
  readonly weights: Float32Array;
  head: [number, number, number] | null;
  gaze: [number, number] | null;
}

/** Milliseconds of one frame in the 25 fps units of `transitionStartFrameCount` and its kin. */
export const TRANSITION_FRAME_MS = 40;

/** A frame at rest: no weight, head and gaze left to the avatar's own life. */
export function neutralFrame(): MutableFrame {
  return { weights: new Float32Array(52), head: null, gaze: null };
}

/** A copy that may be written into. */
export function copyFrame(frame: MotionFrame): MutableFrame {
  return {
    weights: Float32Array.from(frame.weights),
    head: frame.head ? [frame.head[0], frame.head[1], frame.head[2]] : null,
    gaze: frame.gaze ? [frame.gaze[0], frame.gaze[1]] : null,
  };
}

const mix = (a: number, b: number, t: number): number => a + (b - a) * t;
const AHEAD = [0, 0, 0] as const;

/**
 * Writes the blend of two frames into `out`: `from` at t = 0, `to` at t = 1. Motion adds to the avatar's own life, so a
 * head or gaze that only one frame has blends with straight ahead; one that neither has stays null.
 */
export function blendInto(out: MutableFrame, from: MotionFrame, to: MotionFrame, t: number): void {
  for (let i = 0; i < out.weights.length; i++) {
    out.weights[i] = mix(from.weights[i] ?? 0, to.weights[i] ?? 0, t);
  }
  if (from.head || to.head) {
    out.head ??= [0, 0, 0];
    for (let i = 0; i < 3; i++) out.head[i] = mix((from.head ?? AHEAD)[i] ?? 0, (to.head ?? AHEAD)[i] ?? 0, t);
  } else out.head = null;
  if (from.gaze || to.gaze) {
    out.gaze ??= [0, 0];
    for (let i = 0; i < 2; i++) out.gaze[i] = mix((from.gaze ?? AHEAD)[i] ?? 0, (to.gaze ?? AHEAD)[i] ?? 0, t);
  } else out.gaze = null;
}

/** Slow start, slow end: 0..1 to 0..1. */
export function easeInOut(t: number): number {
  const x = Math.min(1, Math.max(0, t));
  return x * x * (3 - 2 * x);
}

/** `count` frames that lead from `from` to just before `to`, so that `to` itself can follow. */
export function transition(from: MotionFrame, to: MotionFrame, count: number): MotionFrame[] {
  const frames: MotionFrame[] = [];
  for (let i = 1; i <= count; i++) {
    const frame = copyFrame(from);
    blendInto(frame, from, to, easeInOut(i / (count + 1)));
    frames.push(frame);
  }
  return frames;
}
