/** From weights to what the meshes take: correctives, gaze angles, lid shadows, the light in the mouth. */
import { arkitIndex, ARKIT_52 } from "./types";

const LOOK_UP_DOWN = 0.4;
const LOOK_SIDE = 0.5;

const at = {
  blinkLeft: arkitIndex("eyeBlinkLeft"),
  jawOpen: arkitIndex("jawOpen"),
  close: arkitIndex("mouthClose"),
  funnel: arkitIndex("mouthFunnel"),
  pucker: arkitIndex("mouthPucker"),
  lookUpLeft: arkitIndex("eyeLookUpLeft"),
  lookDownLeft: arkitIndex("eyeLookDownLeft"),
  lookInLeft: arkitIndex("eyeLookInLeft"),
  lookOutLeft: arkitIndex("eyeLookOutLeft"),
  squintLeft: arkitIndex("eyeSquintLeft"),
  wideLeft: arkitIndex("eyeWideLeft"),
};
/** The right eye's shapes follow the left eye's in the order of ARKIT_52. */
const RIGHT = arkitIndex("eyeBlinkRight") - at.blinkLeft;

/** Numbers all shapes of a figure: ARKit's 52, then the correctives' targets. */
export class ShapeTable {
  readonly byName: ReadonlyMap<string, number>;
  readonly weights: Float32Array;
  private readonly between: readonly { readonly from: number; readonly to: number }[];

  constructor(correctives: readonly { readonly target: string; readonly between: string }[]) {
    const names = new Map<string, number>(ARKIT_52.map((name, index) => [name, index]));
    this.between = correctives.flatMap(({ target, between }) => {
      const from = names.get(between);
      if (from === undefined) return [];
      const to = ARKIT_52.length + names.size - ARKIT_52.length;
      names.set(target, to);
      return [{ from, to }];
    });
    this.byName = names;
    this.weights = new Float32Array(names.size);
  }

  /** Takes ARKit's weights, clamped to 0..1, and works out the correctives. */
  set(weights: Float32Array): void {
    for (let i = 0; i < ARKIT_52.length; i++) this.weights[i] = Math.min(1, Math.max(0, weights[i] ?? 0));
    for (const { from, to } of this.between) {
      const w = this.weights[from] as number;
      this.weights[to] = 4 * w * (1 - w);
    }
  }
}

/** Turn of one eyeball, radians, and the height of its lid's shadow. */
export interface EyePose {
  /** + down. */
  pitch: number;
  /** + to the avatar's left. */
  yaw: number;
  lidTop: number;
}

/**
 * How an eye stands.
 *
 * @param side - +1 left, -1 right
 */
export function eyePose(
  weights: Float32Array,
  side: 1 | -1,
  openLid: number,
  out: EyePose,
): void {
  const offset = side === 1 ? 0 : RIGHT;
  const w = (index: number): number => weights[index + offset] ?? 0;
  out.pitch = (w(at.lookDownLeft) - w(at.lookUpLeft)) * LOOK_UP_DOWN;
  // The eyes look at the lens from both sides: a little inward.
  out.yaw = (w(at.lookOutLeft) - w(at.lookInLeft)) * side * LOOK_SIDE - side * 0.03;
  out.lidTop =
    openLid -
    0.62 * w(at.blinkLeft) -
    0.14 * w(at.squintLeft) +
    0.14 * w(at.wideLeft) -
    0.24 * w(at.lookDownLeft) +
    0.12 * w(at.lookUpLeft);
}

/** 0..1: how much light reaches teeth and tongue. Rounded lips stand before the teeth and keep it out. */
export function mouthLight(weights: Float32Array): number {
  const pursed = (weights[at.pucker] ?? 0) + 0.45 * (weights[at.funnel] ?? 0);
  const rounded = Math.min(1, Math.max(0, (pursed - 0.55) / 0.5));
  const jaw = Math.max(0, (weights[at.jawOpen] ?? 0) - (weights[at.close] ?? 0));
  const open = 1 - 0.8 * rounded * (1 - 0.7 * Math.min(1, Math.max(0, jaw - 0.1) * 2));
  return open * open * Math.min(1, 0.78 + 0.4 * jaw);
}

/** The shapes that part the lips, besides the jaw. */
const PARTING = (
  ["mouthFunnel", "mouthPucker", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "mouthStretchLeft", "mouthStretchRight", "mouthRollLower", "mouthRollUpper", "mouthShrugUpper", "tongueOut"] as const
).map(arkitIndex);

/** Whether anything can be seen between the lips. */
export function lipsApart(weights: Float32Array): boolean {
  if ((weights[at.jawOpen] ?? 0) - (weights[at.close] ?? 0) > 0.02) return true;
  return PARTING.some((index) => (weights[index] ?? 0) > 0.04);
}

/** 0..1: how far the jaw opens the view into the mouth. */
export function mouthOpening(weights: Float32Array): number {
  return Math.min(1, 0.25 + Math.max(0, (weights[at.jawOpen] ?? 0) - (weights[at.close] ?? 0)));
}
