/** {@link MotionMessage} to bytes. The page only reads motion; tests and tools write it. */
import type { MotionFrame } from "../../avatarkit/render/types";
import {
  GAZE_RANGE,
  HEAD_RANGE,
  HEADER_BYTES,
  MASK_BYTES,
  MAX_REPEAT,
  MotionFormatError,
  type MotionMessage,
  PART_GAZE,
  PART_HEAD,
  VERSION,
  WEIGHT_COUNT,
} from "./codec";

const toByte = (weight: number): number => Math.round(Math.min(1, Math.max(0, weight)) * 255);
const toAngle = (radians: number, range: number): number =>
  Math.round(Math.min(1, Math.max(-1, radians / range)) * 127);

function frameBytes(frame: MotionFrame): number[] {
  const mask = new Array<number>(MASK_BYTES).fill(0);
  const weights: number[] = [];
  for (let i = 0; i < WEIGHT_COUNT; i++) {
    const byte = toByte(frame.weights[i] ?? 0);
    if (byte === 0) continue;
    mask[i >> 3] = (mask[i >> 3] ?? 0) | (1 << (i & 7));
    weights.push(byte);
  }
  const parts = (frame.head ? PART_HEAD : 0) | (frame.gaze ? PART_GAZE : 0);
  const head = frame.head?.map((radians) => toAngle(radians, HEAD_RANGE) & 0xff) ?? [];
  const gaze = frame.gaze?.map((radians) => toAngle(radians, GAZE_RANGE) & 0xff) ?? [];
  return [parts, ...mask, ...weights, ...head, ...gaze];
}

/**
 * Writes one message. Weights are clamped to 0..1 and angles to the protocol's ranges.
 *
 * @throws MotionFormatError - more than 12 frames or energies, or a sample index beyond 2^53
 */
export function encodeMotion(message: MotionMessage): Uint8Array {
  if (message.frames.length > MAX_REPEAT || message.energies.length > MAX_REPEAT) {
    throw new MotionFormatError("at most 12 frames and energies fit in one message");
  }
  if (!Number.isSafeInteger(message.trackSamples)) throw new MotionFormatError("trackSamples is beyond 2^53");
  const frames = message.frames.flatMap(frameBytes);
  const bytes = new Uint8Array(HEADER_BYTES + message.energies.length + frames.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, VERSION);
  view.setUint8(1, message.kind);
  view.setUint8(2, message.frames.length);
  view.setUint8(3, message.energies.length);
  view.setUint32(4, message.round, true);
  view.setUint32(8, message.frame, true);
  view.setUint32(12, message.trackSamples % 2 ** 32, true);
  view.setUint32(16, Math.floor(message.trackSamples / 2 ** 32), true);
  view.setUint32(20, message.sequence, true);
  view.setUint16(24, message.flags, true);
  bytes.set(message.energies, HEADER_BYTES);
  bytes.set(frames, HEADER_BYTES + message.energies.length);
  return bytes;
}
