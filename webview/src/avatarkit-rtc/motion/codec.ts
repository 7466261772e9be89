/**
 * The motion message of docs/protocols/motion.md, version 1: bytes to {@link MotionMessage}.
 */
import type { MotionFrame } from "../../avatarkit/render/types";

/** LiveKit data topic that carries motion. */
export const MOTION_TOPIC = "avatar.motion";
/** Milliseconds of media time in one frame. */
export const FRAME_MS = 20;
/** Audio samples in one frame, at the 48 kHz the protocol counts in. */
export const FRAME_SAMPLES = 960;
/** Samples of the avatar's track in one millisecond. */
export const SAMPLES_PER_MS = 48;
/** Number of blendshape weights in a frame. */
export const WEIGHT_COUNT = 52;
/** Most frames and energies a message may carry. */
export const MAX_REPEAT = 12;

/** Version on the wire. */
export const VERSION = 1;
/** Bytes before the energies. */
export const HEADER_BYTES = 26;
/** Bytes of a frame's mask. */
export const MASK_BYTES = 7;
/** Radians that 127 stands for. */
export const HEAD_RANGE = 0.5;
/** Radians that 127 stands for. */
export const GAZE_RANGE = 0.6;
/** Flag: `frame` is the round's last. */
export const FLAG_LAST = 1;
/** Part of a frame. */
export const PART_HEAD = 1;
/** Part of a frame. */
export const PART_GAZE = 2;

/** What a message says, by the number on the wire. */
export const MotionKind = { FRAMES: 1, START: 2, END: 3, INTERRUPTED: 4, PAUSED: 5, RESUMED: 6 } as const;
/** One of {@link MotionKind}. */
export type MotionKind = (typeof MotionKind)[keyof typeof MotionKind];

/** A decoded motion message. The meaning of `frame` and `trackSamples` depends on `kind`, see the protocol. */
export interface MotionMessage {
  readonly kind: MotionKind;
  /** 1, 2, 3 … since the avatar's track began. */
  readonly round: number;
  readonly frame: number;
  /** Index in the audio track, in 48 kHz samples. Exact to 2^53. */
  readonly trackSamples: number;
  readonly sequence: number;
  /** Bit 0: `frame` is the round's last ({@link FLAG_LAST}). The others mean nothing yet. */
  readonly flags: number;
  /** Byte energies of … frame−1, frame; the newest last. */
  readonly energies: Uint8Array;
  /** Motion of … frame−1, frame; the newest last. */
  readonly frames: readonly MotionFrame[];
}

/** A message that does not follow the protocol; refused as a whole. */
export class MotionFormatError extends Error {
  override readonly name = "MotionFormatError";
}

/**
 * Energy byte to a linear RMS amplitude, 0..1. 0 stands for silence, so it becomes exactly 0.
 */
export function energyToAmplitude(energy: number): number {
  return energy <= 0 ? 0 : 10 ** ((energy / 255 - 1) * (72 / 20));
}

function isKind(value: number): value is MotionKind {
  return value >= MotionKind.FRAMES && value <= MotionKind.RESUMED;
}

function readFrame(view: DataView, start: number): { frame: MotionFrame; end: number } {
  let at = start;
  const need = (bytes: number): void => {
    if (at + bytes > view.byteLength) throw new MotionFormatError("message ends inside a frame");
  };
  need(1 + MASK_BYTES);
  const parts = view.getUint8(at);
  if ((parts & ~(PART_HEAD | PART_GAZE)) !== 0) throw new MotionFormatError("a frame has parts that are not known");
  const mask = at + 1;
  at += 1 + MASK_BYTES;
  if ((view.getUint8(mask + MASK_BYTES - 1) & 0xf0) !== 0) throw new MotionFormatError("mask names a weight above 51");
  const weights = new Float32Array(WEIGHT_COUNT);
  for (let i = 0; i < WEIGHT_COUNT; i++) {
    if ((view.getUint8(mask + (i >> 3)) & (1 << (i & 7))) === 0) continue;
    need(1);
    weights[i] = view.getUint8(at) / 255;
    at += 1;
  }
  const angle = (range: number): number => {
    need(1);
    const value = (view.getInt8(at) / 127) * range;
    at += 1;
    return value;
  };
  const head: MotionFrame["head"] =
    (parts & PART_HEAD) !== 0 ? [angle(HEAD_RANGE), angle(HEAD_RANGE), angle(HEAD_RANGE)] : null;
  const gaze: MotionFrame["gaze"] = (parts & PART_GAZE) !== 0 ? [angle(GAZE_RANGE), angle(GAZE_RANGE)] : null;
  return { frame: { weights, head, gaze }, end: at };
}

/**
 * Reads one message.
 *
 * @throws MotionFormatError - truncated, unknown version, kind or part, a count above 12, or frames that can't be
 */
export function decodeMotion(bytes: Uint8Array): MotionMessage {
  if (bytes.byteLength < HEADER_BYTES) throw new MotionFormatError(`message of ${bytes.byteLength} bytes is too short`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint8(0);
  if (version !== VERSION) throw new MotionFormatError(`version ${version} is not known`);
  const kind = view.getUint8(1);
  if (!isKind(kind)) throw new MotionFormatError(`kind ${kind} is not known`);
  const frameCount = view.getUint8(2);
  const energyCount = view.getUint8(3);
  if (frameCount > MAX_REPEAT) throw new MotionFormatError(`${frameCount} frames in one message`);
  if (energyCount > MAX_REPEAT) throw new MotionFormatError(`${energyCount} energies in one message`);
  if (bytes.byteLength < HEADER_BYTES + energyCount) throw new MotionFormatError("message ends inside the energies");
  const frame = view.getUint32(8, true);
  if (kind === MotionKind.FRAMES && Math.max(frameCount, energyCount) > frame + 1) {
    throw new MotionFormatError("frames from before the round's first");
  }
  const frames: MotionFrame[] = [];
  let at = HEADER_BYTES + energyCount;
  for (let i = 0; i < frameCount; i++) {
    const read = readFrame(view, at);
    frames.push(read.frame);
    at = read.end;
  }
  if (at !== bytes.byteLength) throw new MotionFormatError("bytes after the last frame");
  return {
    kind,
    round: view.getUint32(4, true),
    frame,
    trackSamples: view.getUint32(12, true) + view.getUint32(16, true) * 2 ** 32,
    sequence: view.getUint32(20, true),
    flags: view.getUint16(24, true),
    energies: bytes.slice(HEADER_BYTES, HEADER_BYTES + energyCount),
    frames,
  };
}
