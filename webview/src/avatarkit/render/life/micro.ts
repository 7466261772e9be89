/** One small movement of brows, cheeks or mouth at a time, now and then: a face is never quite still. */
import { type ArkitName, arkitIndex } from "../types";
import type { Random } from "./random";

interface Gesture {
  readonly shapes: readonly (readonly [index: number, share: number])[];
}

function gesture(shapes: Partial<Record<ArkitName, number>>): Gesture {
  return { shapes: Object.entries(shapes).map(([name, share]) => [arkitIndex(name as ArkitName), share] as const) };
}

/** Left and right never move alike. */
const GESTURES: readonly Gesture[] = [
  gesture({ browInnerUp: 1, browOuterUpLeft: 0.35, browOuterUpRight: 0.25 }),
  gesture({ browOuterUpLeft: 0.9, browInnerUp: 0.4 }),
  gesture({ browOuterUpRight: 0.8, browInnerUp: 0.3 }),
  gesture({ browDownLeft: 0.6, browDownRight: 0.5 }),
  gesture({ cheekSquintLeft: 0.8, cheekSquintRight: 0.6, eyeSquintLeft: 0.3, eyeSquintRight: 0.3 }),
  gesture({ mouthDimpleLeft: 0.7, mouthDimpleRight: 0.4 }),
  gesture({ mouthPressLeft: 0.7, mouthPressRight: 0.6 }),
  gesture({ noseSneerLeft: 0.2, noseSneerRight: 0.25 }),
];

/** The small movements over time. */
export class Micro {
  private current: Gesture | null = null;
  private start = 0;
  private length = 1;
  private size = 0;
  private next: number | null = null;

  constructor(private readonly random: Random) {}

  /** Adds the movement at `now` (s) to weights. */
  add(now: number, strength: number, weights: Float32Array): void {
    this.next ??= now + this.random.between(0.5, 2);
    if (now >= this.next) {
      this.current = GESTURES[Math.floor(this.random.next() * GESTURES.length)] ?? null;
      this.start = now;
      this.length = this.random.between(0.6, 2.2);
      this.size = this.random.between(0.08, 0.3);
      this.next = now + this.length + this.random.between(0.2, 3);
    }
    const t = (now - this.start) / this.length;
    if (!this.current || t >= 1) return;
    const envelope = 0.5 * (1 - Math.cos(2 * Math.PI * t)) * this.size * strength;
    for (const [index, share] of this.current.shapes) weights[index] = (weights[index] ?? 0) + envelope * share;
  }
}
