import { describe, expect, it } from "vitest";
import { ARKIT_52, arkitIndex, type ArkitName } from "../../avatarkit/render/types";
import { decodeMotion, energyToAmplitude, MotionFormatError, MotionKind } from "./codec";
import { encodeMotion } from "./encode";
import shared from "../../../../tests/vectors/motion.json";

interface VectorFrame {
  weights: Partial<Record<ArkitName, number>>;
  head: number[] | null;
  gaze: number[] | null;
}
interface Vectors {
  arkit_52: string[];
  messages: {
    name: string;
    hex: string;
    message: {
      kind: keyof typeof MotionKind;
      round: number;
      frame: number;
      track_samples: number;
      sequence: number;
      flags: number;
      energies: number[];
      frames: VectorFrame[];
    };
  }[];
  refused: { name: string; hex: string }[];
}

const vectors = shared as unknown as Vectors;
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hexOf = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

function weightsOf(frame: VectorFrame): number[] {
  const weights = new Array<number>(52).fill(0);
  for (const name of ARKIT_52) weights[arkitIndex(name)] = frame.weights[name] ?? 0;
  return weights;
}

describe("the motion codec", () => {
  it("knows the blendshapes in the vectors' order", () => {
    expect([...ARKIT_52]).toEqual(vectors.arkit_52);
  });

  it.each(vectors.messages)("reads and writes: $name", ({ hex, message }) => {
    const read = decodeMotion(bytesOf(hex));
    expect(read.kind).toBe(MotionKind[message.kind]);
    expect([read.round, read.frame, read.trackSamples]).toEqual([message.round, message.frame, message.track_samples]);
    expect([read.sequence, read.flags]).toEqual([message.sequence, message.flags]);
    expect([...read.energies]).toEqual(message.energies);
    expect(read.frames).toHaveLength(message.frames.length);
    for (const [i, frame] of message.frames.entries()) {
      const decoded = read.frames[i];
      weightsOf(frame).forEach((weight, k) => expect(decoded?.weights[k]).toBeCloseTo(weight, 6));
      expect(decoded?.head?.length).toBe(frame.head?.length);
      frame.head?.forEach((angle, k) => expect(decoded?.head?.[k]).toBeCloseTo(angle, 6));
      expect(decoded?.gaze?.length).toBe(frame.gaze?.length);
      frame.gaze?.forEach((angle, k) => expect(decoded?.gaze?.[k]).toBeCloseTo(angle, 6));
    }
    if (Number.isSafeInteger(read.trackSamples)) expect(hexOf(encodeMotion(read))).toBe(hex);
  });

  it.each(vectors.refused)("refuses: $name", ({ hex }) => {
    expect(() => decodeMotion(bytesOf(hex))).toThrow(MotionFormatError);
  });

  it("reads a message that lies inside a larger buffer", () => {
    const hex = vectors.messages[0]?.hex ?? "";
    const inner = bytesOf(`ffff${hex}ff`).subarray(2, 2 + hex.length / 2);
    expect(decodeMotion(inner).round).toBe(1);
  });

  it("turns energies into amplitudes", () => {
    expect(energyToAmplitude(255)).toBeCloseTo(1, 6);
    expect(energyToAmplitude(0)).toBe(0);
    expect(20 * Math.log10(energyToAmplitude(170))).toBeCloseTo(-24, 6);
  });
});
