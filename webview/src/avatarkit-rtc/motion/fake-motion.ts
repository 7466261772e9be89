/** Motion messages made by hand, for tests. */
import type { MotionFrame } from "../../avatarkit/render/types";
import { FRAME_SAMPLES, MAX_REPEAT, MotionKind, type MotionMessage } from "./codec";

/** A face whose jaw is as open as `jaw`. */
export function face(jaw: number): MotionFrame {
  const weights = new Float32Array(52);
  weights[17] = jaw;
  return { weights, head: null, gaze: null };
}

/** The jaw of frame k in {@link framesMessage}: tells one frame from its neighbours, and stays in 0..1. */
export function jawOf(k: number): number {
  return (k % 100) / 100;
}

/** A FRAMES message whose newest frame is `newest`, of a round that begins at `startSample`. */
export function framesMessage(round: number, newest: number, startSample: number, repeat = MAX_REPEAT): MotionMessage {
  const count = Math.min(repeat, newest + 1);
  const indices = Array.from({ length: count }, (_, i) => newest - count + 1 + i);
  return {
    kind: MotionKind.FRAMES,
    round,
    frame: newest,
    trackSamples: startSample + newest * FRAME_SAMPLES,
    sequence: 0,
    flags: 0,
    energies: Uint8Array.from(indices, (k) => 100 + (k % 100)),
    frames: indices.map((k) => face(jawOf(k))),
  };
}

/** A message without frames. */
export function eventMessage(
  kind: Exclude<MotionKind, 1>,
  round: number,
  frame: number,
  trackSamples: number,
): MotionMessage {
  return { kind, round, frame, trackSamples, sequence: 0, flags: 0, energies: new Uint8Array(), frames: [] };
}
