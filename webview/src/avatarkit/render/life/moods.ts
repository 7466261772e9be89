/** The five moods: what the face does, how the eyes look, how the head is held. */
import { type ArkitName, ARKIT_52, arkitIndex, type AvatarMood } from "../types";
import type { GazeHabit } from "./gaze";
import type { HeadHabit } from "./head";

/** One mood. */
export interface MoodHabit {
  /** Weights held while the mood lasts, in the order of ARKIT_52. */
  readonly face: Float32Array;
  readonly gaze: GazeHabit;
  readonly head: HeadHabit;
  /** Mean seconds between blinks. */
  readonly blinkPause: number;
  /** Strength of the small random movements of brows and mouth, 0..1. */
  readonly micro: number;
  /** 1 = lit as usual. */
  readonly brightness: number;
}

type Face = Partial<Record<ArkitName | Paired, number>>;
type Paired = "mouthSmile" | "mouthFrown" | "mouthPress" | "cheekSquint" | "eyeSquint" | "eyeWide" | "browDown" | "browOuterUp" | "eyeBlink" | "mouthDimple";

/** Weights from names; a name without side stands for both sides. */
function face(shapes: Face): Float32Array {
  const weights = new Float32Array(ARKIT_52.length);
  for (const [name, weight] of Object.entries(shapes)) {
    for (const full of [name, `${name}Left`, `${name}Right`]) {
      const index = ARKIT_52.findIndex((candidate) => candidate === full);
      if (index >= 0) weights[index] = weight;
    }
  }
  return weights;
}

const TO_ALL_SIDES = { pitch: [0.03, 0.08], yaw: [0.32, 0.1], bothSides: true } as const;

/** Habits by mood. Numbers after observations of eye contact and head motion in conversation. */
export const MOODS: Readonly<Record<AvatarMood, MoodHabit>> = {
  idle: {
    face: face({ mouthSmile: 0.14, cheekSquint: 0.05, browInnerUp: 0.04 }),
    gaze: { contact: 0.5, hold: [2.5, 6], away: [1.2, 3.5], ...TO_ALL_SIDES },
    head: { rest: [0.01, 0, 0], spread: [0.035, 0.1, 0.035], every: [1.8, 5], nods: null },
    blinkPause: 4,
    micro: 0.6,
    brightness: 1,
  },
  listening: {
    face: face({ mouthSmile: 0.24, cheekSquint: 0.16, browInnerUp: 0.24, browOuterUp: 0.14, eyeWide: 0.1 }),
    gaze: { contact: 0.86, hold: [4, 9], away: [0.6, 1.2], ...TO_ALL_SIDES },
    head: { rest: [0.035, 0.03, 0.085], spread: [0.02, 0.04, 0.03], every: [1.6, 4], nods: [2.2, 5] },
    blinkPause: 3.4,
    micro: 0.35,
    brightness: 1,
  },
  thinking: {
    face: face({
      browInnerUp: 0.12,
      browOuterUpLeft: 0.5,
      browDownRight: 0.22,
      mouthPress: 0.22,
      mouthLeft: 0.22,
      mouthDimpleLeft: 0.3,
      eyeSquintRight: 0.12,
    }),
    gaze: { contact: 0.06, hold: [0.3, 0.6], away: [1.6, 3.6], pitch: [-0.24, 0.05], yaw: [0.36, 0.07], bothSides: false },
    head: { rest: [-0.07, 0.15, -0.07], spread: [0.02, 0.05, 0.02], every: [1.4, 3.2], nods: null },
    blinkPause: 5.6,
    micro: 0.3,
    brightness: 1,
  },
  speaking: {
    face: face({ mouthSmile: 0.12, cheekSquint: 0.1, browInnerUp: 0.1, browOuterUp: 0.06 }),
    gaze: { contact: 0.72, hold: [2.5, 6], away: [0.7, 1.6], ...TO_ALL_SIDES },
    head: { rest: [0.02, 0, 0], spread: [0.055, 0.11, 0.06], every: [0.5, 1.6], nods: null },
    blinkPause: 3,
    micro: 0.8,
    brightness: 1,
  },
  error: {
    face: face({ mouthFrown: 0.34, browInnerUp: 0.62, eyeBlink: 0.12, mouthShrugLower: 0.2 }),
    gaze: { contact: 0.3, hold: [3, 6], away: [2, 4], pitch: [0.2, 0.03], yaw: [0.05, 0.05], bothSides: true },
    head: { rest: [0.1, 0, -0.03], spread: [0, 0, 0], every: [5, 9], nods: null },
    blinkPause: 4.5,
    micro: 0,
    brightness: 0.58,
  },
};

const FIRST_MOUTH = arkitIndex("jawForward");
const LAST_MOUTH = arkitIndex("mouthUpperUpRight");
const TONGUE = arkitIndex("tongueOut");
const PUFF = arkitIndex("cheekPuff");

/** True for the shapes that motion owns while it plays: jaw, mouth, tongue, puffed cheeks. */
export function isMouth(index: number): boolean {
  return (index >= FIRST_MOUTH && index <= LAST_MOUTH) || index === TONGUE || index === PUFF;
}
